//! Destroying a droplet. Its volumes stay.

use machine_core::{Destroyed, ErrorKind, MachineId, Result};

use crate::actions::busy;
use crate::convert::number;
use crate::find::Sight;
use crate::provider::DigitalOceanProvider;
use crate::wire::{Droplet, VolumeAction};

impl DigitalOceanProvider {
    pub(crate) async fn destroy_droplet(&self, id: &MachineId) -> Result<Destroyed> {
        let destroyed = self.destroy_numbered(id).await?;
        if let Some(ssh) = self.ssh() {
            ssh.forget(id);
        }
        Ok(destroyed)
    }

    async fn destroy_numbered(&self, id: &MachineId) -> Result<Destroyed> {
        let Some(id) = number(id.as_str()) else { return Ok(Destroyed::AlreadyGone) };
        let look = || async {
            Ok(match self.sight(id).await? {
                Sight::Shown(droplet) if droplet.locked == Some(true) => None,
                // One that the cloud does not show yet will come, and would be forgotten if it were called gone.
                Sight::Unseen(_) => None,
                seen => Some(seen),
            })
        };
        let settled = self.pace().until(self.pace().busy, look).await?;
        let droplet = match settled {
            Some(Sight::Shown(droplet)) => droplet,
            Some(_) => {
                self.recent().forget(id);
                return Ok(Destroyed::AlreadyGone);
            }
            None => return self.last_try(id).await,
        };
        self.free_volumes(&droplet).await;
        let path = ["droplets", &id.to_string()];
        let destroyed = self.patiently(|| self.remove(&path)).await?;
        self.recent().forget(id);
        Ok(destroyed)
    }

    /// It was not left alone for as long as we waited. The cloud may let us all the same; if not, it says why.
    async fn last_try(&self, id: u64) -> Result<Destroyed> {
        match self.sight(id).await? {
            Sight::Shown(_) => {
                let destroyed = self.remove(&["droplets", &id.to_string()]).await?;
                self.recent().forget(id);
                Ok(destroyed)
            }
            Sight::Unseen(_) => Err(busy(id)),
            Sight::Failed(_) | Sight::Gone(_) => Ok(Destroyed::AlreadyGone),
        }
    }

    /// Takes the volumes off first, so that what is on them is written. That one will not come off keeps no machine alive: the
    /// cloud takes it off itself.
    async fn free_volumes(&self, droplet: &Droplet) {
        let region = droplet.region.as_ref().and_then(|region| region.slug.clone());
        for volume in droplet.volume_ids.iter().flatten() {
            let body = VolumeAction {
                kind: "detach",
                region: region.clone(),
                droplet_id: Some(droplet.id),
                size_gigabytes: None,
            };
            match self.act(&["volumes", volume], &body, self.pace().busy).await {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::debug!(%error, volume, "a volume did not come off before its machine went");
                }
                _ => {}
            }
        }
    }
}
