//! Power.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{Error, ErrorKind, MachineId, MachineState, Power, Result};
use machine_http::Request;

use crate::find::{Seen, missing};
use crate::fly::{ACTION, Fly};
use crate::wire::requests::Stop;

impl Fly {
    /// Starts, stops, reboots or suspends. The machine is looked at first: one that is there already is left alone.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] for a machine that is going; what the cloud says.
    pub(crate) async fn power(self: &Arc<Self>, id: &MachineId, to: Power) -> Result<()> {
        let seen = self.look(id).await?;
        let state = &seen.machine.state;
        if matches!(state, MachineState::Destroyed | MachineState::Destroying) {
            let what = format!("machine `{id}` is {}", seen.machine.raw_state);
            return Err(Error::new(ErrorKind::Conflict, what).with_hint("create another"));
        }
        let runs = matches!(state, MachineState::Running | MachineState::Starting);
        match to {
            Power::Start if runs => Ok(()),
            Power::Start => self.order(&seen, "start", |request| request).await,
            Power::Stop { .. } if matches!(state, MachineState::Stopped) || seen.machine.raw_state == "stopping" => {
                Ok(())
            }
            Power::Stop { grace } => self.order(&seen, "stop", |request| request.json(&stop(grace)).idempotent()).await,
            // What does not run has nothing to end.
            Power::Reboot { .. } if !runs => self.order(&seen, "start", |request| request).await,
            Power::Reboot { grace } => {
                let Stop { signal, timeout } = stop(grace);
                self.order(&seen, "restart", |request| request.query("signal", signal).query("timeout", timeout)).await
            }
            Power::Suspend if *state == MachineState::Suspended || seen.machine.raw_state == "suspending" => Ok(()),
            Power::Suspend => self.order(&seen, "suspend", Request::idempotent).await,
            _ => Err(Error::unsupported(crate::KIND, "Fly has no such power")),
        }
    }

    async fn order(self: &Arc<Self>, seen: &Seen, verb: &str, with: impl FnOnce(Request) -> Request) -> Result<()> {
        let (app, id) = (self.app().await?, seen.machine.id.as_str());
        let request = with(self.api.post(["apps", app, "machines", id, verb])).bucket(ACTION, format!("{verb} {id}"));
        self.change(seen, request, false).await.map_err(|error| missing(error, "machine", id))
    }
}

/// How to ask the command to end, and how long it may take. Without any grace it is not asked.
fn stop(grace: Duration) -> Stop {
    let signal = if grace.is_zero() { "SIGKILL" } else { "SIGTERM" };
    Stop { signal, timeout: format!("{}ms", grace.as_millis()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grace_is_told_exactly() {
        let told = |grace| (stop(grace).signal, stop(grace).timeout);
        assert_eq!(told(Duration::from_secs(10)), ("SIGTERM", "10000ms".to_owned()));
        assert_eq!(told(Duration::from_millis(300)), ("SIGTERM", "300ms".to_owned()));
        assert_eq!(told(Duration::ZERO), ("SIGKILL", "0ms".to_owned()));
    }
}
