//! What a machine's files and its lock say of it. Its status is always computed, never stored.

use machine_core::{ExitReason, ExitStatus, MachineState};

use crate::record::{ExitRecord, StateRecord};

/// What can be seen of a machine. The three are to be read in this order: `state.json`, the lock, `exit.json`. The shim writes
/// `exit.json` before it lets go of the lock, so that a free lock without one means that the shim died.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    /// `state.json`, where there is one.
    pub(crate) state: Option<&'a StateRecord>,
    /// Whether `shim.lock` is held.
    pub(crate) alive: bool,
    /// `exit.json`, where there is one.
    pub(crate) exit: Option<&'a ExitRecord>,
    /// The computer's present boot.
    pub(crate) boot_id: &'a str,
}

/// Where a machine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// Made and never started.
    Created,
    /// A shim has it, and has not said yet that it runs.
    Starting,
    /// It runs.
    Running,
    /// It ended, and this is how.
    Stopped(ExitStatus),
    /// The computer restarted under it.
    Rebooted,
    /// Its supervisor died without a word.
    Lost,
}

impl Status {
    /// The status that follows from what was seen.
    pub(crate) fn of(seen: Seen<'_>) -> Self {
        // An exit of an earlier start says nothing about this one.
        let exit = seen.exit.filter(|exit| seen.state.is_none_or(|state| exit.generation >= state.generation));
        match (exit, seen.alive, seen.state) {
            (Some(exit), _, _) => Self::Stopped(exit.status.clone()),
            (None, true, None) => Self::Starting,
            (None, true, Some(_)) => Self::Running,
            (None, false, None) => Self::Created,
            (None, false, Some(state)) if state.boot_id != seen.boot_id => Self::Rebooted,
            (None, false, Some(_)) => Self::Lost,
        }
    }

    /// Whether processes of it may be there.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self, Self::Starting | Self::Running)
    }

    /// The neutral state.
    pub(crate) fn state(&self) -> MachineState {
        match self {
            Self::Starting => MachineState::Starting,
            Self::Running => MachineState::Running,
            Self::Lost => MachineState::Failed,
            Self::Created | Self::Stopped(_) | Self::Rebooted => match self.exit().map(|exit| exit.reason) {
                Some(ExitReason::SupervisorDied) => MachineState::Failed,
                _ => MachineState::Stopped,
            },
        }
    }

    /// Our own word for it.
    pub(crate) fn raw(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Lost => "lost",
            Self::Rebooted => "rebooted",
            Self::Stopped(exit) => match exit.reason {
                ExitReason::SupervisorDied => "lost",
                ExitReason::HostRebooted => "rebooted",
                _ => "stopped",
            },
        }
    }

    /// How it ended, where it has ended.
    pub(crate) fn exit(&self) -> Option<ExitStatus> {
        match self {
            Self::Stopped(exit) => Some(exit.clone()),
            Self::Rebooted => Some(ExitStatus {
                message: Some("the computer restarted while the machine ran".to_owned()),
                ..ExitStatus::unknown(ExitReason::HostRebooted)
            }),
            Self::Lost => Some(ExitStatus {
                message: Some("the machine's supervisor died, so nobody knows how its command ended".to_owned()),
                ..ExitStatus::unknown(ExitReason::SupervisorDied)
            }),
            Self::Created | Self::Starting | Self::Running => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isolation::Isolation;
    use crate::record::ProcessRecord;

    fn state(generation: u64, boot_id: &str) -> StateRecord {
        let process = ProcessRecord { pid: 1, start: 1 };
        StateRecord {
            generation,
            started_at: "2026-11-20T19:46:00Z".parse().unwrap(),
            boot_id: boot_id.to_owned(),
            shim: process,
            init: process,
            isolation: Isolation::Namespaces,
            cgroups: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn exit(generation: u64) -> ExitRecord {
        ExitRecord { generation, status: ExitStatus::exited(3) }
    }

    fn status(state: Option<&StateRecord>, alive: bool, exit: Option<&ExitRecord>) -> Status {
        Status::of(Seen { state, alive, exit, boot_id: "now" })
    }

    #[test]
    fn every_row_of_the_table() {
        let (old, now, before) = (state(1, "now"), state(2, "now"), state(2, "before"));
        let (first, second) = (exit(1), exit(2));
        let stopped = Status::Stopped(ExitStatus::exited(3));
        assert_eq!(status(None, false, None), Status::Created);
        assert_eq!(status(None, true, None), Status::Starting);
        assert_eq!(status(Some(&now), true, None), Status::Running);
        assert_eq!(status(Some(&now), false, None), Status::Lost);
        assert_eq!(status(Some(&before), false, None), Status::Rebooted);
        assert_eq!(status(Some(&now), false, Some(&second)), stopped);
        assert_eq!(status(Some(&before), false, Some(&second)), stopped, "an exit that is known outlives a reboot");
        assert_eq!(status(Some(&now), true, Some(&second)), stopped, "its shim is on its last breath");
        assert_eq!(status(Some(&old), false, Some(&second)), stopped, "its second start failed before it had a state");
        assert_eq!(status(None, false, Some(&first)), stopped);
    }

    #[test]
    fn an_exit_of_an_earlier_start_says_nothing() {
        let (now, first) = (state(2, "now"), exit(1));
        assert_eq!(status(Some(&now), true, Some(&first)), Status::Running);
        assert_eq!(status(Some(&now), false, Some(&first)), Status::Lost);
    }

    #[test]
    fn an_unknown_end_is_never_a_success() {
        for status in [Status::Lost, Status::Rebooted] {
            let exit = status.exit().unwrap();
            assert_eq!((exit.code, exit.signal, exit.success()), (None, None, false));
        }
        assert_eq!(Status::Lost.state(), MachineState::Failed);
        assert_eq!(Status::Rebooted.state(), MachineState::Stopped);
        assert_eq!(Status::Created.raw(), "created");
    }
}
