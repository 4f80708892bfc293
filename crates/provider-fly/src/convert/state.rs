//! States.

use machine_core::MachineState;

/// The state in our words.
pub(crate) fn state(word: &str) -> MachineState {
    match word {
        "creating" | "created" => MachineState::Pending,
        "starting" | "restarting" => MachineState::Starting,
        "started" => MachineState::Running,
        // The last two are states of a version that another is taking the place of.
        "updating" | "replacing" | "replaced" | "migrated" => MachineState::Updating,
        "stopping" | "suspending" => MachineState::Stopping,
        "stopped" => MachineState::Stopped,
        "suspended" => MachineState::Suspended,
        "destroying" => MachineState::Destroying,
        "destroyed" => MachineState::Destroyed,
        "failed" | "launch_failed" => MachineState::Failed,
        other => MachineState::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_is_known_and_one_that_is_not() {
        use MachineState as S;
        let rows = [
            ("creating", S::Pending),
            ("created", S::Pending),
            ("starting", S::Starting),
            ("started", S::Running),
            ("stopping", S::Stopping),
            ("stopped", S::Stopped),
            ("suspending", S::Stopping),
            ("suspended", S::Suspended),
            ("restarting", S::Starting),
            ("updating", S::Updating),
            ("replacing", S::Updating),
            ("replaced", S::Updating),
            ("migrated", S::Updating),
            ("destroying", S::Destroying),
            ("destroyed", S::Destroyed),
            ("failed", S::Failed),
            ("launch_failed", S::Failed),
            ("hibernating", S::Other("hibernating".to_owned())),
        ];
        for (word, expected) in rows {
            assert_eq!(state(word), expected, "{word}");
        }
    }
}
