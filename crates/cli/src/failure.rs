//! How a command fails, and the exit code that says so.

use machine_core::{Effect, Error, ErrorKind, NameError};
use rustix::io::Errno;

/// The exit codes, as they stand in the help and the documentation.
pub(crate) mod code {
    /// It worked.
    pub(crate) const OK: u8 = 0;
    /// It failed.
    pub(crate) const FAILED: u8 = 1;
    /// It was asked for in a way that can never work.
    pub(crate) const USAGE: u8 = 2;
    /// What it is about does not exist.
    pub(crate) const NOT_FOUND: u8 = 3;
    /// The credential is missing or not accepted.
    pub(crate) const CREDENTIALS: u8 = 4;
    /// It exists already, is busy, or is in a state that does not allow it.
    pub(crate) const CONFLICT: u8 = 5;
    /// A quota or the cloud's capacity is used up.
    pub(crate) const CAPACITY: u8 = 6;
    /// It may cost more than the budget leaves.
    pub(crate) const BUDGET: u8 = 7;
    /// It took too long.
    pub(crate) const TIMEOUT: u8 = 8;
    /// Some of it worked.
    pub(crate) const PARTLY: u8 = 9;
    /// What happened is unknown.
    pub(crate) const UNKNOWN: u8 = 11;
    /// `run`, `exec`: the job ran into our `--timeout`.
    pub(crate) const JOB_TIMEOUT: u8 = 124;
    /// `run`, `exec`: we failed, not the job.
    pub(crate) const JOB_FAILURE: u8 = 125;
    /// `run`, `exec`: the command cannot be executed.
    pub(crate) const JOB_NOT_EXECUTABLE: u8 = 126;
    /// `run`, `exec`: there is no such command.
    pub(crate) const JOB_NOT_FOUND: u8 = 127;
    /// Added to a signal's number.
    pub(crate) const SIGNAL: u8 = 128;
    /// A signal from the keyboard ended it.
    pub(crate) const INTERRUPTED: u8 = SIGNAL + 2;

    /// What each says of a command, in words.
    pub(crate) const OF_COMMANDS: [(u8, &str); 12] = [
        (OK, "done"),
        (FAILED, "failed"),
        (USAGE, "usage: a command line or configuration that can never work"),
        (NOT_FOUND, "not found"),
        (CREDENTIALS, "credentials: none, or they are not accepted, or may not do this"),
        (CONFLICT, "conflict: it exists already, is busy, or is in a state that does not allow it"),
        (CAPACITY, "quota or capacity is used up"),
        (BUDGET, "it may cost more than the budget leaves"),
        (TIMEOUT, "it took too long"),
        (PARTLY, "partly done: some of several worked"),
        (UNKNOWN, "outcome unknown: what happened in the cloud is not known; `machine list` and `machine gc` find out"),
        (INTERRUPTED, "interrupted; for any other signal 128 and its number"),
    ];

    /// What `run` and `exec` add to the job's own codes.
    pub(crate) const OF_JOBS: [(u8, &str); 4] = [
        (JOB_TIMEOUT, "our `--timeout` ended the job"),
        (JOB_FAILURE, "we failed, not the job; bad usage included"),
        (JOB_NOT_EXECUTABLE, "the command cannot be executed, as in `sh`"),
        (JOB_NOT_FOUND, "there is no such command, as in `sh`"),
    ];
}

/// Why a command ends without having done all that was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads our output any more: not an error, but the end.
    Closed,
    /// This went wrong.
    Error(Error),
    /// A signal told us to stop, and everything about it has been said.
    Interrupted(i32),
    /// Everything about it has been said; this is the exit code.
    Said(u8),
}

impl Failure {
    /// The exit code for it.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Closed => code::OK,
            Self::Error(error) => error_code(error),
            Self::Interrupted(signal) => signal_code(*signal),
            Self::Said(code) => *code,
        }
    }

    /// The exit code for that error.
    pub(crate) fn error_code(error: &Error) -> u8 {
        error_code(error)
    }

    /// Standard output failed with `errno`.
    pub(crate) fn output(errno: Errno) -> Self {
        match errno {
            Errno::PIPE => Self::Closed,
            errno => Self::Error(Error::io("cannot write the output", errno.into())),
        }
    }

    /// A failure of ours around a job: its code must not be taken for the job's.
    #[must_use]
    pub(crate) fn around_job(self, printer: &crate::printer::Printer) -> Self {
        match self {
            Self::Error(error) => {
                printer.error(&error);
                Self::Said(code::JOB_FAILURE)
            }
            other => other,
        }
    }
}

/// The error told in that sentence, with everything else that it knows: where it is one of several it has to say of what.
pub(crate) fn retold(error: &Error, sentence: String) -> Error {
    let retold = Error::new(error.kind(), sentence).with_retry(error.retry()).with_effect(error.effect());
    let retold = error.context().iter().fold(retold, |retold, (key, value)| retold.with_context(key, value.clone()));
    let retold = error.request_id().into_iter().fold(retold, Error::with_request_id);
    let retold =
        error.provider().into_iter().fold(retold, |retold, provider| retold.with_provider(provider.to_owned()));
    match error.hint() {
        Some(hint) => retold.with_hint(hint.to_owned()),
        None => retold,
    }
}

/// What a shell reports for a process that `signal` ended.
pub(crate) fn signal_code(signal: i32) -> u8 {
    u8::try_from(signal).map_or(code::FAILED, |signal| code::SIGNAL.saturating_add(signal))
}

fn error_code(error: &Error) -> u8 {
    if error.effect() == Effect::Unknown { code::UNKNOWN } else { kind_code(error.kind()) }
}

/// The exit code for a failure of that kind whose effect is known.
pub(crate) fn kind_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Config | ErrorKind::Invalid | ErrorKind::Unsupported => code::USAGE,
        ErrorKind::NotFound => code::NOT_FOUND,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => code::CREDENTIALS,
        ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::Busy => code::CONFLICT,
        ErrorKind::Quota | ErrorKind::OutOfCapacity => code::CAPACITY,
        ErrorKind::Budget => code::BUDGET,
        ErrorKind::Timeout => code::TIMEOUT,
        _ => code::FAILED,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self::Error(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code() {
        let code_of = |kind| error_code(&Error::new(kind, "x"));
        assert_eq!(code_of(ErrorKind::Invalid), 2);
        assert_eq!(code_of(ErrorKind::NotFound), 3);
        assert_eq!(code_of(ErrorKind::Forbidden), 4);
        assert_eq!(code_of(ErrorKind::Busy), 5);
        assert_eq!(code_of(ErrorKind::OutOfCapacity), 6);
        assert_eq!(code_of(ErrorKind::Budget), 7);
        assert_eq!(code_of(ErrorKind::Timeout), 8);
        assert_eq!(code_of(ErrorKind::System), 1);
        assert_eq!(error_code(&Error::new(ErrorKind::Timeout, "x").with_effect(Effect::Unknown)), 11);
        assert_eq!(Failure::Interrupted(2).code(), 130);
        assert_eq!(Failure::Interrupted(15).code(), 143);
        assert_eq!(Failure::Closed.code(), 0);
    }

    #[test]
    fn an_error_that_is_retold_loses_nothing() {
        let error =
            Error::new(ErrorKind::Quota, "no more").with_hint("ask").with_context("id", "7").with_request_id("r");
        let named = retold(&error, format!("web-2: {error}"));
        assert_eq!((named.to_string().as_str(), named.hint()), ("web-2: no more", Some("ask")));
        assert_eq!((named.kind(), named.context(), named.request_id()), (error.kind(), error.context(), Some("r")));
    }
}
