//! Starting, stopping, rebooting.

use std::time::Duration;

use machine_core::{Error, ErrorKind, MachineId, MachineState, Power, Result};

use crate::convert::{self, droplet_id};
use crate::find::Sight;
use crate::kind::KIND;
use crate::provider::DigitalOceanProvider;
use crate::wire::{Droplet, DropletAction};

impl DigitalOceanProvider {
    pub(crate) async fn power_droplet(&self, id: &MachineId, to: Power) -> Result<()> {
        let unsupported = || Error::unsupported(KIND, "a droplet cannot be suspended");
        if to == Power::Suspend {
            return Err(unsupported());
        }
        let id = droplet_id(id)?;
        let droplet = self.settled(id).await?;
        let state = state(&droplet);
        let (runs, rests) = (state == MachineState::Running, state == MachineState::Stopped);
        match to {
            // What is so already is left alone: the cloud would refuse it.
            Power::Start if runs => Ok(()),
            Power::Stop { .. } if rests => Ok(()),
            Power::Start => self.start(id, &droplet).await,
            Power::Reboot { .. } if rests => self.start(id, &droplet).await,
            Power::Stop { grace } => self.stop(id, grace).await,
            Power::Reboot { grace } => self.reboot(id, grace).await,
            _ => Err(unsupported()),
        }
    }

    /// Does it and waits until it is done: until then the cloud shows the state before.
    async fn droplet_action(&self, id: u64, kind: &'static str) -> Result<()> {
        let path = ["droplets", &id.to_string()];
        self.act(&path, &DropletAction::plain(kind), self.pace().action).await
    }

    async fn start(&self, id: u64, droplet: &Droplet) -> Result<()> {
        if droplet.status.as_deref() == Some("archive") {
            let what = format!("machine `{}` is archived and cannot be started", droplet.name);
            return Err(Error::new(ErrorKind::Conflict, what).with_hint("DigitalOcean's support brings it back"));
        }
        self.droplet_action(id, "power_on").await
    }

    /// Asks the system inside to end, which may do nothing at all, and takes the power away when it has not.
    async fn stop(&self, id: u64, grace: Duration) -> Result<()> {
        if grace.is_zero() {
            return self.droplet_action(id, "power_off").await;
        }
        let path = ["droplets", &id.to_string()];
        self.begin(&path, &DropletAction::plain("shutdown")).await?;
        let look = || async {
            Ok(match self.sight(id).await? {
                Sight::Shown(droplet) if state(&droplet) == MachineState::Stopped => Some(()),
                // Somebody has destroyed it: it has ended as well.
                Sight::Gone(_) | Sight::Failed(_) => Some(()),
                _ => None,
            })
        };
        match self.pace().until(grace, look).await? {
            Some(()) => Ok(()),
            None => match self.droplet_action(id, "power_off").await {
                // It ended just before.
                Err(_) if self.is_off(id).await => Ok(()),
                outcome => outcome,
            },
        }
    }

    async fn is_off(&self, id: u64) -> bool {
        matches!(self.sight(id).await, Ok(Sight::Shown(droplet)) if state(&droplet) == MachineState::Stopped)
    }

    async fn reboot(&self, id: u64, grace: Duration) -> Result<()> {
        if grace.is_zero() {
            return self.droplet_action(id, "power_cycle").await;
        }
        let path = ["droplets", &id.to_string()];
        match self.act(&path, &DropletAction::plain("reboot"), grace).await {
            // The system inside did not want to.
            Err(error) if matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Upstream) => {
                tracing::debug!(%error, "a reboot did not come about; the power is taken away");
                self.droplet_action(id, "power_cycle").await
            }
            outcome => outcome,
        }
    }
}

fn state(droplet: &Droplet) -> MachineState {
    convert::state(droplet.status.as_deref().unwrap_or_default())
}
