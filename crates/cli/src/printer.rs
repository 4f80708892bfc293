//! The only place that writes to standard output and standard error.
//!
//! A reader that goes away (`machine list | head -1`) is not a failure of ours: writing to it ends the command quietly.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use machine_core::Error;
use rustix::io::Errno;

use crate::failure::Failure;
use crate::json_errors;
use crate::show;
use crate::streams::{Streams, Target};

/// How much of a long output is put together before it is written.
const PIECE: usize = 1 << 16;

/// Facts about a failure that its sentence tells a person already.
const FOR_PROGRAMS: &[&str] = &["errno", "exit_code", "subject", "unset"];

/// Says things to the person or program that called.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    streams: Streams,
    quiet: bool,
    json_errors: bool,
    page: Page,
    /// What standard error is like, where somebody watches it.
    watched: Option<Page>,
    /// How many lines are drawn there that do not stay.
    drawn: Arc<AtomicUsize>,
}

/// What standard output is like for a person who reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// How many columns a line may have; any number where nobody minds.
    pub(crate) width: Option<usize>,
    /// Whether words may have colours.
    pub(crate) colours: bool,
}

impl Printer {
    /// One that says notes, or not.
    pub(crate) fn new(streams: Streams, quiet: bool) -> Self {
        Self { streams, quiet, json_errors: false, page: Page::default(), watched: None, drawn: Arc::default() }
    }

    /// The same, before that page.
    #[must_use]
    pub(crate) fn with_page(self, page: Page) -> Self {
        Self { page, ..self }
    }

    /// What standard output is like.
    pub(crate) fn page(&self) -> Page {
        self.page
    }

    /// The same, where somebody watches standard error, which is such a page.
    #[must_use]
    pub(crate) fn watched(self, watched: Option<Page>) -> Self {
        Self { watched, ..self }
    }

    /// What standard error is like, where somebody watches it.
    pub(crate) fn page_of_notes(&self) -> Option<Page> {
        self.watched
    }

    /// Puts lines on standard error that stay until the next ones, or until anything else is said.
    pub(crate) fn draw(&self, lines: Vec<String>) {
        let Some(page) = self.watched else { return };
        let mut text = self.over_the_drawn();
        for line in &lines {
            text.push_str(&show::cut(line, page.width.unwrap_or(usize::MAX)));
            text.push('\n');
        }
        self.drawn.store(lines.len(), Ordering::Relaxed);
        // When standard error is gone there is nobody who watches.
        let _ = self.streams.write_all(Target::Stderr, text.as_bytes());
    }

    /// What takes the drawn lines off the terminal.
    fn over_the_drawn(&self) -> String {
        match self.drawn.swap(0, Ordering::Relaxed) {
            0 => String::new(),
            lines => format!("\u{1b}[{lines}A\r\u{1b}[J"),
        }
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
        self.undraw();
        self.streams.write_all(Target::Stdout, text.as_ref()).map_err(Failure::output)
    }

    /// Writes a line of what was asked for.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn line(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        self.out(format!("{text}\n"))
    }

    /// Writes what was asked for piece by piece, so that a long list is not there twice.
    ///
    /// # Errors
    /// As [`Printer::out`], and those of `fill`.
    pub(crate) fn pieces(&self, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        self.undraw();
        let mut buffer = BufWriter::with_capacity(PIECE, Out { streams: &self.streams, failed: None });
        let written = fill(&mut buffer).and_then(|()| buffer.flush());
        // What is left in the buffer could not be written, and is not tried again.
        let (out, _) = buffer.into_parts();
        match (written, out.failed) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(errno)) => Err(Failure::output(errno)),
            (Err(error), None) => Err(Error::io("this cannot be written in that shape", error).into()),
        }
    }

    /// Writes a value as indented JSON.
    ///
    /// # Errors
    /// As [`Printer::out`].
    pub(crate) fn json(&self, value: &(impl serde::Serialize + ?Sized)) -> Result<(), Failure> {
        self.pieces(|out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            out.write_all(b"\n")
        })
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
        let text = self.over_the_drawn() + &text;
        let _ = self.streams.write_all(Target::Stderr, text.as_bytes());
    }

    /// Takes the drawn lines off the terminal, before anything is said elsewhere on it.
    fn undraw(&self) {
        let text = self.over_the_drawn();
        let _ = self.streams.write_all(Target::Stderr, text.as_bytes());
    }
}

/// Standard output as a writer, which remembers why it failed: not every library hands that on.
#[derive(Debug)]
struct Out<'a> {
    streams: &'a Streams,
    failed: Option<Errno>,
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.streams.write_all(Target::Stdout, bytes).inspect_err(|errno| self.failed = Some(*errno))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
