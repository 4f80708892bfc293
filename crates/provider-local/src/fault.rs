//! Making a [`StartFailure`] out of what went wrong.

use std::fmt::Display;
use std::io;

use crate::order::{Stage, StartFailure};

/// What a step of a start returns.
pub(crate) type Step<T> = Result<T, StartFailure>;

impl StartFailure {
    /// A failure that no system call is to blame for.
    pub(crate) fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self { stage, message: message.into(), errno: None, code: None }
    }

    /// `what` could not be done, because of `error`.
    pub(crate) fn because(stage: Stage, what: impl Display, error: &io::Error) -> Self {
        let message = format!("{what}: {}", reason(error));
        Self { stage, message, errno: error.raw_os_error(), code: None }
    }
}

/// The sentence of an error, without the number that the standard library appends.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Turns the result of a system call into that of a step.
pub(crate) trait During<T> {
    /// Says what could not be done when it failed.
    fn during(self, stage: Stage, what: impl FnOnce() -> String) -> Step<T>;
}

impl<T, E: Into<io::Error>> During<T> for Result<T, E> {
    fn during(self, stage: Stage, what: impl FnOnce() -> String) -> Step<T> {
        self.map_err(|error| StartFailure::because(stage, what(), &error.into()))
    }
}
