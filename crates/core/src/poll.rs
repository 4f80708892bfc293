//! Waiting by looking again and again, for providers whose cloud does not tell by itself.

use std::time::Duration;

use crate::{Error, ErrorKind, Machine, MachineState, Result, Until};

/// Fulfils the contract of [`CloudProvider::wait`](crate::CloudProvider::wait) by calling `look` until the machine is where
/// `until` wants it: soon at first, and then every `pause` or so. A look that fails in a way that passes is repeated.
///
/// # Errors
/// [`Timeout`](ErrorKind::Timeout) at the deadline, with the last state in words; [`Conflict`](ErrorKind::Conflict) as soon as
/// the machine can no longer get there; what `look` says where that will not pass.
pub async fn poll_until<F: Future<Output = Result<Machine>> + Send>(
    look: impl Fn() -> F + Send,
    until: &Until,
    pause: Duration,
) -> Result<Machine> {
    let mut last: Option<Machine> = None;
    let mut next = (pause / 16).max(Duration::from_millis(1));
    loop {
        let machine = match (look().await, last.take()) {
            (Ok(machine), _) => Some(machine),
            // What was there and is not is gone.
            (Err(error), Some(seen)) if error.kind() == ErrorKind::NotFound => {
                Some(Machine { state: MachineState::Destroyed, raw_state: "destroyed".to_owned(), ..seen })
            }
            (Err(error), seen) if error.retry() != crate::Retry::Never && !until.deadline.passed() => {
                tracing::debug!(%error, "a look failed; looking again");
                last = seen;
                None
            }
            (Err(error), _) => return Err(error),
        };
        if let Some(machine) = machine {
            if until.goal.reached(&machine) {
                return Ok(machine);
            }
            let (name, state) = (&machine.name, &machine.raw_state);
            if until.goal.unreachable(&machine) {
                let message = format!("machine `{name}` is {state} and will not run by itself");
                return Err(Error::new(ErrorKind::Conflict, message).with_hint(format!(
                    "`machine logs {name}` shows what it wrote; `machine start {name}` starts it"
                )));
            }
            if until.deadline.passed() {
                let message = format!("machine `{name}` is still {state} at the deadline");
                return Err(Error::new(ErrorKind::Timeout, message));
            }
            last = Some(machine);
        }
        tokio::time::sleep(next.min(until.deadline.remaining())).await;
        next = (next * 2).min(pause);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{Deadline, Goal};

    /// Shows these states one after the other, the last one for ever; an empty one is `NotFound`, `!` a passing failure.
    async fn wait(states: &[&str], goal: Goal) -> Result<Machine> {
        let looks = AtomicUsize::new(0);
        let look = || {
            let state = states[looks.fetch_add(1, Ordering::Relaxed).min(states.len() - 1)];
            std::future::ready(match state {
                "" => Err(Error::not_found("machine", "m")),
                "!" => Err(Error::new(ErrorKind::Network, "unreachable")),
                state => Ok(Machine::new("m", "web", "stub", state)),
            })
        };
        poll_until(
            look,
            &Until { goal, deadline: Deadline::after(Duration::from_millis(50)) },
            Duration::from_millis(2),
        )
        .await
    }

    #[tokio::test]
    async fn it_keeps_the_contract_of_wait() {
        assert_eq!(wait(&["pending", "!", "starting", "running"], Goal::Running).await.unwrap().raw_state, "running");
        let gone = wait(&["running", "destroying", ""], Goal::Destroyed).await.unwrap();
        assert_eq!((gone.name.as_str(), gone.state), ("web", MachineState::Destroyed));
        let kind = |outcome: Result<Machine>| outcome.unwrap_err().kind();
        assert_eq!(kind(wait(&["pending", "stopped"], Goal::Running).await), ErrorKind::Conflict);
        assert_eq!(kind(wait(&["pending"], Goal::Running).await), ErrorKind::Timeout);
        assert_eq!(kind(wait(&[""], Goal::Running).await), ErrorKind::NotFound);
        assert_eq!(kind(wait(&["!"], Goal::Running).await), ErrorKind::Network);
    }
}
