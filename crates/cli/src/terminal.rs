//! The terminal that we were called from, when a job inside a machine is to have it.

use machine_core::{Error, Result};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::streams::Streams;

/// The terminal in raw mode: every key goes to the job. Dropping this restores it, on a panic too.
#[derive(Debug)]
pub(crate) struct RawMode {
    streams: Streams,
    before: Termios,
}

impl RawMode {
    /// Puts the terminal on standard input into raw mode.
    ///
    /// # Errors
    /// Where standard input is no terminal.
    pub(crate) fn enter(streams: &Streams) -> Result<Self> {
        let stdin = streams.stdin();
        let refused = |error: rustix::io::Errno| Error::io("cannot set up the terminal", error.into());
        let before = tcgetattr(stdin).map_err(refused)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin, OptionalActions::Drain, &raw).map_err(refused)?;
        Ok(Self { streams: streams.clone(), before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // The terminal may be gone by now; there is nothing left to restore then.
        let _ = tcsetattr(self.streams.stdin(), OptionalActions::Now, &self.before);
    }
}
