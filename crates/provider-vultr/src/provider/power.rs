//! Starting, stopping and rebooting. There is one way to stop: the power goes. Nobody inside is asked.

use machine_core::{Error, ErrorKind, MachineId, MachineState, Power, Result};

use super::{VultrProvider, unsupported};
use crate::convert::state;
use crate::wire::Instance;

impl VultrProvider {
    pub(super) async fn set_power(&self, id: &MachineId, to: Power) -> Result<()> {
        if matches!(to, Power::Suspend) {
            return Err(unsupported("machines cannot be suspended"));
        }
        let instance = self.api.instance(id.as_str()).await?;
        let Some(verb) = verb(&instance, to)? else { return Ok(()) };
        let request = || {
            let request = self.api.post(&["instances", id.as_str(), verb]);
            // A second start or halt finds it there already; a second reboot is one more.
            if verb == "reboot" { request } else { request.idempotent() }
        };
        self.api.unlocked(self.api.pauses.lock, request).await?;
        let wanted = match verb {
            "start" => "running",
            "halt" => "stopped",
            _ => return Ok(()),
        };
        // Whoever waits next must not see the state from before and take it for the one after.
        self.api.settled(|| async { Ok(self.api.instance(id.as_str()).await?.power_status == wanted) }).await;
        Ok(())
    }
}

/// The call that gets it there; none where it is there, or on its way.
fn verb(instance: &Instance, to: Power) -> Result<Option<&'static str>> {
    use MachineState as S;
    let (state, _) = state(instance);
    if state == S::Failed {
        let what = "Vultr has suspended this machine, and no call changes its power";
        return Err(Error::new(ErrorKind::Conflict, what).with_hint("ask Vultr's support why"));
    }
    Ok(match (to, state) {
        (Power::Start, S::Running | S::Starting | S::Pending) | (Power::Stop { .. }, S::Stopped) => None,
        (Power::Start, _) | (Power::Reboot { .. }, S::Stopped) => Some("start"),
        (Power::Stop { .. }, _) => Some("halt"),
        _ => Some("reboot"),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_so_already_is_left_alone() {
        let (stop, reboot) = (Power::Stop { grace: Duration::ZERO }, Power::Reboot { grace: Duration::ZERO });
        let rows = [
            (Power::Start, "active", "running", "ok", Some(None)),
            (Power::Start, "active", "running", "installingbooting", Some(None)),
            (Power::Start, "pending", "stopped", "none", Some(None)),
            (Power::Start, "active", "stopped", "ok", Some(Some("start"))),
            (Power::Start, "active", "humming", "ok", Some(Some("start"))),
            (stop, "active", "stopped", "ok", Some(None)),
            (stop, "active", "running", "ok", Some(Some("halt"))),
            (stop, "active", "running", "installingbooting", Some(Some("halt"))),
            (reboot, "active", "running", "ok", Some(Some("reboot"))),
            (reboot, "active", "stopped", "ok", Some(Some("start"))),
            (Power::Start, "suspended", "stopped", "ok", None),
        ];
        for (to, status, power, server, expected) in rows {
            let instance = Instance {
                status: status.into(),
                power_status: power.into(),
                server_status: server.into(),
                ..Instance::default()
            };
            assert_eq!(verb(&instance, to).ok(), expected, "{to:?} {status} {power} {server}");
        }
    }
}
