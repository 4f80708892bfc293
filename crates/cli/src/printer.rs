//! The only place that writes to standard output and standard error.
//!
//! A reader that goes away (`machine list | head -1`) is not a failure of ours: writing to it ends the command quietly.

use std::io::IsTerminal as _;
use std::os::fd::BorrowedFd;

use machine_core::Error;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::failure::Failure;

/// Facts about a failure that its sentence tells a person already.
const FOR_PROGRAMS: &[&str] = &["errno", "exit_code"];

/// One of the two streams that we write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// What was asked for.
    Stdout,
    /// What is said about it.
    Stderr,
}

impl Target {
    fn descriptor(self) -> BorrowedFd<'static> {
        match self {
            Self::Stdout => rustix::stdio::stdout(),
            Self::Stderr => rustix::stdio::stderr(),
        }
    }

    /// Writes all of `bytes`, unbuffered, also where somebody made the descriptor non-blocking.
    ///
    /// # Errors
    /// What the system says; `EPIPE` where nobody reads any more.
    pub(crate) fn write_all(self, mut bytes: &[u8]) -> Result<(), Errno> {
        let descriptor = self.descriptor();
        while !bytes.is_empty() {
            match rustix::io::write(descriptor, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&descriptor, PollFlags::OUT)], None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Says things to the person or program that called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    quiet: bool,
}

impl Printer {
    /// One that says notes, or not.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Whether only what was asked for is to be said.
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether standard output is a terminal, so that a person reads it.
    pub(crate) fn to_terminal(self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Writes what was asked for.
    ///
    /// # Errors
    /// [`Failure::Closed`] where nobody reads it any more; else what the system says.
    pub(crate) fn out(self, text: impl AsRef<[u8]>) -> Result<(), Failure> {
        Target::Stdout.write_all(text.as_ref()).map_err(Failure::output)
    }

    /// Writes a line of what was asked for.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn line(self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.out(format!("{text}\n"))
    }

    /// Writes a value as indented JSON.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn json(self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| {
            Error::new(machine_core::ErrorKind::Protocol, format!("this cannot be written as JSON: {error}"))
        })?;
        self.line(text)
    }

    /// Says something useful but not asked for, unless told to be quiet.
    pub(crate) fn note(self, text: impl std::fmt::Display) {
        if !self.quiet {
            say(format!("{text}\n"));
        }
    }

    /// Says that something was done, to a person who watches. A program learns it from the exit code.
    pub(crate) fn progress(self, text: impl std::fmt::Display) {
        if std::io::stderr().is_terminal() {
            self.note(text);
        }
    }

    /// Says which machine is still there because that was asked for; in one word to a program.
    pub(crate) fn kept(self, name: &str) {
        if self.quiet {
            say(format!("{name}\n"));
        } else {
            say(format!("the machine is kept as {name}; `machine destroy {name}` ends it\n"));
        }
    }

    /// Says something that the caller must see even when we are to be quiet.
    pub(crate) fn warn(self, text: impl std::fmt::Display) {
        say(format!("warning: {text}\n"));
    }

    /// Asks a question, without a line feed.
    pub(crate) fn ask(self, text: impl std::fmt::Display) {
        say(text.to_string());
    }

    /// Says what went wrong and what to do about it.
    pub(crate) fn error(self, error: &Error) {
        let mut text = format!("error: {error}\n");
        if error.effect() == machine_core::Effect::Unknown {
            text.push_str("  what it did is unknown; `machine list` and `machine gc` will find it\n");
        }
        for (key, value) in error.context().iter().filter(|(key, _)| !FOR_PROGRAMS.contains(key)) {
            text.push_str(&format!("  {key}: {value}\n"));
        }
        if let Some(hint) = error.hint() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        say(text);
    }
}

/// Says it on standard error. When even that is gone there is nobody left to tell.
fn say(text: String) {
    let _ = Target::Stderr.write_all(text.as_bytes());
}
