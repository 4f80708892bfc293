//! The only place that writes to standard output and standard error.
//!
//! A reader that goes away (`machine list | head -1`) is not a failure of ours: writing to it ends the command quietly.

use machine_core::Error;

use crate::failure::Failure;
use crate::json_errors;
use crate::streams::{Streams, Target};

/// Facts about a failure that its sentence tells a person already.
const FOR_PROGRAMS: &[&str] = &["errno", "exit_code", "subject", "unset"];

/// Says things to the person or program that called.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    streams: Streams,
    quiet: bool,
    json_errors: bool,
}

impl Printer {
    /// One that says notes, or not.
    pub(crate) fn new(streams: Streams, quiet: bool) -> Self {
        Self { streams, quiet, json_errors: false }
    }

    /// The same, which says what went wrong as JSON where `json` holds.
    #[must_use]
    pub(crate) fn with_json_errors(self, json: bool) -> Self {
        Self { json_errors: json, ..self }
    }

    /// What it writes to.
    pub(crate) fn streams(&self) -> &Streams {
        &self.streams
    }

    /// Whether only what was asked for is to be said.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether standard output is a terminal, so that a person reads it.
    pub(crate) fn to_terminal(&self) -> bool {
        self.streams.writes_terminal(Target::Stdout)
    }

    /// Writes what was asked for.
    ///
    /// # Errors
    /// [`Failure::Closed`] where nobody reads it any more; else what the system says.
    pub(crate) fn out(&self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.streams.write_all(Target::Stdout, text.as_ref()).map_err(Failure::output)
    }

    /// Writes a line of what was asked for.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn line(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.out(format!("{text}\n"))
    }

    /// Writes a value as indented JSON.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| {
            Error::new(machine_core::ErrorKind::Protocol, format!("this cannot be written as JSON: {error}"))
        })?;
        self.line(text)
    }

    /// Says something useful but not asked for, unless told to be quiet.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            self.say(format!("{text}\n"));
        }
    }

    /// Says that something was done, to a person who watches. A program learns it from the exit code.
    pub(crate) fn progress(&self, text: impl std::fmt::Display) {
        if self.streams.writes_terminal(Target::Stderr) {
            self.note(text);
        }
    }

    /// Says which machine is still there because that was asked for; in one word to a program.
    pub(crate) fn kept(&self, name: &str) {
        if self.quiet {
            self.say(format!("{name}\n"));
        } else {
            self.say(format!("the machine is kept as {name}; `machine destroy {name}` ends it\n"));
        }
    }

    /// Says in a word what a program waits for, on standard error, even when we are to be quiet.
    pub(crate) fn word(&self, word: impl std::fmt::Display) {
        self.say(format!("{word}\n"));
    }

    /// Says something that the caller must see even when we are to be quiet.
    pub(crate) fn warn(&self, text: impl std::fmt::Display) {
        self.say(format!("warning: {text}\n"));
    }

    /// Says what is wrong and does not keep us from going on, and what to do about it.
    pub(crate) fn warn_of(&self, error: &Error) {
        match error.hint() {
            Some(hint) => self.warn(format_args!("{error}; {hint}")),
            None => self.warn(error),
        }
    }

    /// Asks a question, without a line feed.
    pub(crate) fn ask(&self, text: impl std::fmt::Display) {
        self.say(text.to_string());
    }

    /// Says what went wrong and what to do about it; to a program that reads JSON, in JSON.
    pub(crate) fn error(&self, error: &Error) {
        if self.json_errors {
            return self.say(format!("{}\n", json_errors::line(error, Failure::error_code(error))));
        }
        let mut text = format!("error: {error}\n");
        if error.effect() == machine_core::Effect::Unknown {
            text.push_str("  what it did is unknown; `machine list` and `machine gc` will find it\n");
        }
        for (key, value) in error.context().iter().filter(|(key, _)| !FOR_PROGRAMS.contains(key)) {
            text.push_str(&format!("  {key}: {value}\n"));
        }
        if let Some(id) = error.request_id() {
            text.push_str(&format!("  request id: {id}\n"));
        }
        if let Some(hint) = error.hint() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        self.say(text);
    }

    /// Says it on standard error. When even that is gone there is nobody left to tell.
    fn say(&self, text: String) {
        let _ = self.streams.write_all(Target::Stderr, text.as_bytes());
    }
}
