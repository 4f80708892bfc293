//! Waiting, by looking: the cloud does not tell by itself.

use std::time::Duration;

use machine_core::{Goal, Machine, MachineId, MachineState, Result, Until, poll_until};

use super::VultrProvider;
use crate::convert::{machine, ready};

impl VultrProvider {
    pub(super) async fn wait_for(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        let seen = poll_until(|| self.look(id, until.goal), until, jittered(self.api.pauses.look)).await?;
        if seen.state == MachineState::Destroyed {
            return Ok(seen);
        }
        // What each look leaves out, because it is not waited for: what the machine costs and which volumes it has.
        let (plans, blocks) = futures::join!(self.api.prices(), self.api.all(&["blocks"]));
        let volumes = crate::convert::held_by(id.as_str(), &blocks?);
        let price = plans.iter().find(|plan| Some(&plan.id) == seen.size.as_ref()).and_then(crate::convert::price);
        Ok(Machine { volumes, price, ..seen })
    }

    /// One look. A machine that can be worked with runs, although the cloud's last word may come minutes later; one without an
    /// address cannot be worked with.
    async fn look(&self, id: &MachineId, goal: Goal) -> Result<Machine> {
        let instance = self.api.instance(id.as_str()).await?;
        let mut machine = machine(&instance, &[], &[]);
        if goal == Goal::Running {
            match machine.state {
                MachineState::Running if !ready(&instance) => machine.state = MachineState::Starting,
                _ => {}
            }
        }
        Ok(machine)
    }
}

/// The pause and up to two thirds more.
fn jittered(pause: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    pause + (pause * 2 / 3).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_three_to_five_seconds_apart() {
        for _ in 0..100 {
            let pause = jittered(Duration::from_secs(3)).as_millis();
            assert!((3_000..=5_000).contains(&pause), "{pause}");
        }
    }
}
