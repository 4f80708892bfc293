//! Destroying a machine. Its volumes stay.

use machine_core::{Destroyed, MachineId, Result};

use super::{VultrProvider, destroyed};
use crate::dialect::Said;

impl VultrProvider {
    /// Asks for it once, or as often as a lock keeps it from happening. That the cloud accepts is not that it does: the caller
    /// looks whether the machine is gone, and asks again.
    pub(super) async fn destroy_machine(&self, id: &MachineId) -> Result<Destroyed> {
        let request = || self.api.delete(&["instances", id.as_str()]);
        match self.api.unlocked(self.api.pauses.lock, request).await {
            Err(error) if Said::by(&error) == Some(Said::Leaving) => Ok(Destroyed::Accepted),
            outcome => {
                let destroyed = destroyed(outcome)?;
                if let Some(ssh) = &self.ssh {
                    ssh.forget(id);
                }
                Ok(destroyed)
            }
        }
    }
}
