//! Waiting, by long polls.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use machine_core::{Deadline, ErrorKind, Goal, Machine, MachineId, MachineState, Result, Until, poll_until};

use crate::find::Seen;
use crate::fly::{ACTION, Fly, LONG_POLL};

/// The longest that the cloud holds a request.
const LONGEST: u64 = 60;

/// How long to pause between two polls that the cloud answers at once.
const PAUSE: Duration = Duration::from_secs(1);

impl Fly {
    /// Waits until a machine is where it is wanted. The cloud holds each request until something happens; what did is seen by
    /// looking, because its answer tells neither how the command ended nor what else became of the machine.
    ///
    /// # Errors
    /// As [`poll_until`] has it.
    pub(crate) async fn wait(&self, id: &MachineId, until: &Until) -> Result<Machine> {
        let last: Mutex<Option<Seen>> = Mutex::default();
        let look = || async {
            let before = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(before) = before {
                self.poll(&before, until).await;
            }
            let seen = match self.look(id).await {
                // Gone by its own end, perhaps before anybody looked: how it ended is still to be had.
                Err(error) if error.kind() == ErrorKind::NotFound && until.goal == Goal::Ended => {
                    // One that cannot be looked up just now is not one that never was.
                    return match self.look_back(id).await {
                        Err(back) if back.kind() == ErrorKind::NotFound => Err(error),
                        found => found,
                    };
                }
                other => other?,
            };
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen.clone());
            Ok(seen.machine)
        };
        poll_until(look, until, PAUSE).await
    }

    /// Holds a request until something may have happened: at most a minute, and not beyond the deadline. Whatever comes of it,
    /// the machine is looked at afterwards: "not yet" (408, 504), "not any more" (400), "gone" (404), "replaced" and failures.
    async fn poll(&self, before: &Seen, until: &Until) {
        let Ok(app) = self.app().await else { return };
        let id = before.machine.id.as_str();
        let seconds = seconds(until.deadline);
        let word = awaited(until.goal, before);
        // The end of a run is the end of one version of the machine.
        let version = before.version.as_deref().filter(|_| word == "stopped");
        let request = self.polls.get(["apps", app, "machines", id, "wait"]).patience(LONG_POLL);
        let request = request.query("state", word).query("timeout", seconds.to_string()).query_opt("version", version);
        let poll = request.bucket(ACTION, format!("wait {id}")).done();
        if let Ok(Err(error)) = tokio::time::timeout(until.deadline.remaining(), poll).await {
            tracing::debug!(id, %error, "a wait brought nothing");
        }
    }
}

/// How long to have the request held.
fn seconds(deadline: Deadline) -> u64 {
    deadline.remaining().as_secs().saturating_add(1).min(LONGEST)
}

/// The one state that comes next on the way: the cloud takes one for sure, and lists of them not in every version.
fn awaited(goal: Goal, seen: &Seen) -> &'static str {
    match (goal, seen.machine.raw_state.as_str()) {
        (Goal::Running, _) => "started",
        (Goal::Destroyed, _) | (_, "destroying") => "destroyed",
        (_, "suspending") => "suspended",
        _ if seen.fleeting || seen.machine.state == MachineState::Destroyed => "destroyed",
        _ => "stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(raw_state: &str, fleeting: bool) -> Seen {
        let machine = Machine::new("e1", "web", crate::KIND, raw_state);
        Seen { machine, version: None, fleeting, host_answers: true }
    }

    #[test]
    fn what_is_awaited_row_by_row() {
        for (goal, state, fleeting, expected) in [
            (Goal::Running, "created", false, "started"),
            (Goal::Running, "starting", true, "started"),
            (Goal::Ended, "started", false, "stopped"),
            (Goal::Ended, "started", true, "destroyed"),
            (Goal::Ended, "suspending", false, "suspended"),
            (Goal::Ended, "destroying", false, "destroyed"),
            (Goal::Destroyed, "started", false, "destroyed"),
        ] {
            assert_eq!(awaited(goal, &seen(state, fleeting)), expected, "{goal:?} {state} {fleeting}");
        }
    }

    #[test]
    fn a_request_is_held_for_a_minute_at_most_and_a_second_at_least() {
        assert_eq!(seconds(Deadline::after(Duration::from_hours(1))), 60);
        assert_eq!(seconds(Deadline::after(Duration::from_millis(9_500))), 10);
        assert_eq!(seconds(Deadline::after(Duration::ZERO)), 1);
    }
}
