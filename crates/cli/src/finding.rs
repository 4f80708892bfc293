//! What `machine doctor` finds of one thing.

use machine_core::Error;
use serde::Serialize;

/// What was found of one thing.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// The thing, in a word.
    pub(crate) what: String,
    /// How it is.
    pub(crate) status: Status,
    /// One sentence.
    pub(crate) detail: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// It works.
    Ok,
    /// It works, and could be better.
    Warn,
    /// It does not work.
    Fail,
    /// Nobody asked for it.
    Off,
}

impl Finding {
    /// That it is so.
    pub(crate) fn new(what: impl Into<String>, status: Status, detail: impl Into<String>) -> Self {
        Self { what: what.into(), status, detail: detail.into(), hint: None }
    }

    /// That this is wrong with it.
    pub(crate) fn of(what: impl Into<String>, status: Status, error: &Error) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::new(what, status, error.to_string()) }
    }

    /// The same, and how to mend it.
    #[must_use]
    pub(crate) fn mended_by(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
