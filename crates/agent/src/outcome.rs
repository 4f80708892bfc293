//! How a job ended, as far as that is known.

use std::fmt;

use machine_core::{ExitReason, ExitStatus};

/// How a job ended. Not knowing is an outcome of its own, and never success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It exited by itself with 0: the only thing that counts as success.
    Succeeded,
    /// It exited with another code, or a signal ended it that was not ours; the status has the code, the signal, and whether
    /// it was for want of memory. Or it could not be started: then the reason is [`ExitReason::SetupFailed`], the code 126,
    /// 127 or 125, and the message says what failed.
    Failed(ExitStatus),
    /// We ended it at its time limit or at its machine's deadline.
    TimedOut,
    /// We ended it because somebody asked for that.
    Cancelled,
    /// Nobody knows how it ended, or whether it did.
    Unknown {
        /// What is known, in one sentence.
        why: String,
    },
}

impl Outcome {
    /// The outcome behind what the supervisor inside the machine reported.
    pub fn from_status(status: ExitStatus) -> Self {
        match status.reason {
            ExitReason::Exited if status.success() => Self::Succeeded,
            ExitReason::Exited | ExitReason::Signaled | ExitReason::SetupFailed if status.shell_code().is_some() => {
                Self::Failed(status)
            }
            ExitReason::TimedOut | ExitReason::Deadline => Self::TimedOut,
            ExitReason::Stopped => Self::Cancelled,
            reason => Self::Unknown { why: status.message.unwrap_or_else(|| why(reason).to_owned()) },
        }
    }

    /// Whether the job is known to have exited by itself with 0.
    pub fn success(&self) -> bool {
        *self == Self::Succeeded
    }

    /// The stable kebab-case word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed(_) => "failed",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// What a program that stands for the job exits with: the job's own code, 128 and the signal's number, 124 for our
    /// time limit, 143 where it was cancelled, 125 where nobody knows.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Succeeded => 0,
            Self::Failed(status) => status.shell_code().unwrap_or(125),
            Self::TimedOut => 124,
            Self::Cancelled => 143,
            Self::Unknown { .. } => 125,
        }
    }
}

impl fmt::Display for Outcome {
    /// One sentence without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("the job exited with 0"),
            Self::Failed(ExitStatus { message: Some(message), .. }) => f.write_str(message),
            Self::Failed(ExitStatus { code: Some(code), .. }) => write!(f, "the job exited with {code}"),
            Self::Failed(ExitStatus { signal: Some(signal), oom: true, .. }) => {
                write!(f, "the kernel ended the job for want of memory (signal {signal})")
            }
            Self::Failed(ExitStatus { signal: Some(signal), .. }) => write!(f, "signal {signal} ended the job"),
            Self::Failed(_) => f.write_str("the job ended"),
            Self::TimedOut => f.write_str("the job was ended at its time limit"),
            Self::Cancelled => f.write_str("the job was cancelled"),
            Self::Unknown { why } => write!(f, "it is not known how the job ended: {why}"),
        }
    }
}

/// What a reason that leaves the outcome unknown means.
fn why(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::SupervisorDied => "its supervisor died",
        ExitReason::HostRebooted => "the computer under it restarted",
        _ => "the machine does not say",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_shell() {
        let code = |status| Outcome::from_status(status).exit_code();
        assert_eq!(code(ExitStatus::exited(0)), 0);
        assert_eq!(code(ExitStatus::exited(3)), 3);
        assert_eq!(code(ExitStatus::signaled(9)), 137);
        assert_eq!(code(ExitStatus { reason: ExitReason::TimedOut, ..ExitStatus::signaled(15) }), 124);
        assert_eq!(code(ExitStatus { reason: ExitReason::SetupFailed, ..ExitStatus::exited(127) }), 127);
    }

    #[test]
    fn what_is_not_known_is_never_success() {
        for reason in [ExitReason::SupervisorDied, ExitReason::HostRebooted, ExitReason::Unknown] {
            let outcome = Outcome::from_status(ExitStatus { reason, ..ExitStatus::exited(0) });
            assert!(matches!(outcome, Outcome::Unknown { .. }), "{reason:?}");
            assert!(!outcome.success());
            assert_eq!(outcome.exit_code(), 125);
        }
        let nothing = ExitStatus::unknown(ExitReason::Exited);
        assert!(matches!(Outcome::from_status(nothing), Outcome::Unknown { .. }));
    }
}
