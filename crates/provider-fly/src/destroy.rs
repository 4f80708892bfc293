//! Destroying machines.

use std::sync::Arc;

use machine_core::{Destroyed, ErrorKind, MachineId, MachineState, Result};

use crate::fly::{ACTION, Fly};

impl Fly {
    /// Destroys a machine, running or not.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] where somebody else is working on it; what the cloud says.
    pub(crate) async fn destroy(self: &Arc<Self>, id: &MachineId) -> Result<Destroyed> {
        let seen = match self.look(id).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Destroyed::AlreadyGone),
            other => other?,
        };
        match seen.machine.state {
            MachineState::Destroyed => return Ok(Destroyed::AlreadyGone),
            MachineState::Destroying => return Ok(Destroyed::Accepted),
            _ => {}
        }
        let app = self.app().await?;
        let request = self.api.delete(["apps", app, "machines", id.as_str()]).query("force", "true");
        match self.change(&seen, request.bucket(ACTION, format!("destroy {id}")), true).await {
            Ok(()) => Ok(Destroyed::Accepted),
            // It was there a moment ago: an attempt whose answer was lost, or its own end.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Destroyed::Accepted),
            Err(error) => Err(error),
        }
    }
}
