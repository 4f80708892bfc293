//! How a command ended, told by whoever supervised it and never by text that it printed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a command, a job or a machine's own command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitStatus {
    /// The exit code, where the process exited by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Whether the kernel ended it for want of memory.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oom: bool,
    /// Why it ended.
    pub reason: ExitReason,
    /// One sentence for a person, where there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When its end was seen, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// Why a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExitReason {
    /// It exited by itself.
    Exited,
    /// A signal ended it that we did not send.
    Signaled,
    /// We ended it because somebody asked for that (stop, cancel).
    Stopped,
    /// We ended it at its time limit.
    TimedOut,
    /// We ended it at the machine's deadline.
    Deadline,
    /// It never started: the program is missing, not executable, or its surroundings could not be made.
    SetupFailed,
    /// Its supervisor died, so nobody knows how it ended.
    SupervisorDied,
    /// The computer under it restarted, so nobody knows how it ended.
    HostRebooted,
    /// The provider does not say.
    Unknown,
}

impl ExitReason {
    /// What happened, as it stands in a sentence after "it".
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Exited => "exited by itself",
            Self::Signaled => "was ended by a signal",
            Self::Stopped => "was stopped",
            Self::TimedOut => "ran into its time limit",
            Self::Deadline => "ran into the machine's deadline",
            Self::SetupFailed => "never started",
            Self::SupervisorDied => "lost its supervisor",
            Self::HostRebooted => "went down with the computer under it",
            Self::Unknown => "ended, and the provider does not say how",
        }
    }
}

impl ExitStatus {
    /// It exited by itself with `code`.
    pub fn exited(code: i32) -> Self {
        Self { code: Some(code), ..Self::unknown(ExitReason::Exited) }
    }

    /// `signal` ended it.
    pub fn signaled(signal: i32) -> Self {
        Self { signal: Some(signal), ..Self::unknown(ExitReason::Signaled) }
    }

    /// Neither code nor signal is known, for this reason.
    pub fn unknown(reason: ExitReason) -> Self {
        Self { code: None, signal: None, oom: false, reason, message: None, at: None }
    }

    /// Whether it is known to have exited by itself with 0: the only thing that counts as success.
    pub fn success(&self) -> bool {
        self.reason == ExitReason::Exited && self.code == Some(0)
    }

    /// What a shell would put into `$?`: the code, or 128 and the signal's number. `None` where the outcome is unknown.
    pub fn shell_code(&self) -> Option<u8> {
        match (self.code, self.signal) {
            // A process's code has eight bits; providers that report more have already lost the rest.
            (Some(code), _) => u8::try_from(code & 0xff).ok(),
            (None, Some(signal)) => u8::try_from(signal.checked_add(128)?).ok(),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_zero_is_success() {
        assert!(ExitStatus::exited(0).success());
        assert!(!ExitStatus::exited(1).success());
        assert!(!ExitStatus::signaled(9).success());
        assert!(!ExitStatus::unknown(ExitReason::SupervisorDied).success());
        assert!(!ExitStatus { reason: ExitReason::TimedOut, ..ExitStatus::exited(0) }.success());
    }

    #[test]
    fn shell_codes() {
        assert_eq!(ExitStatus::exited(3).shell_code(), Some(3));
        assert_eq!(ExitStatus::signaled(9).shell_code(), Some(137));
        assert_eq!(ExitStatus::signaled(i32::MAX).shell_code(), None, "whatever a record claims");
        assert_eq!(ExitStatus::unknown(ExitReason::Unknown).shell_code(), None);
    }
}
