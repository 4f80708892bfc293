//! Waiting for a droplet.

use machine_core::{Goal, Machine, MachineId, MachineState, Result, Until, poll_until};

use crate::convert::{droplet_id, is_locked};
use crate::find::failed;
use crate::provider::DigitalOceanProvider;

impl DigitalOceanProvider {
    pub(crate) async fn wait_for_droplet(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        let number = droplet_id(id)?;
        let look = || async move {
            let machine = self.look(id).await?;
            match machine.state {
                MachineState::Pending if self.came_to_nothing(number).await? => Ok(failed(machine)),
                // It has power, and nobody can use it yet: its address or the cloud's last touch is still missing.
                MachineState::Running if until.goal == Goal::Running && !usable(&machine) => {
                    Ok(Machine { state: MachineState::Starting, ..machine })
                }
                _ => Ok(machine),
            }
        };
        poll_until(look, until, self.pace().jittered()).await
    }

    /// Whether the action that makes a droplet of ours has failed: what it leaves behind stays `new` for ever.
    async fn came_to_nothing(&self, id: u64) -> Result<bool> {
        let Some(made) = self.recent().find(id) else { return Ok(false) };
        Ok(self.making(made.action).await?.as_deref() == Some("errored"))
    }
}

fn usable(machine: &Machine) -> bool {
    let addresses = &machine.addresses;
    let reachable = addresses.public.iter().chain(&addresses.private).next().is_some();
    reachable && !is_locked(machine)
}
