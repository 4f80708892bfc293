//! The terminal that we were called from, when a job inside a machine is to have it.

use machine_core::{Error, Result, WindowSize};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The terminal in raw mode: every key goes to the job. Dropping this restores it, on a panic too.
#[derive(Debug)]
pub(crate) struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Puts the terminal on standard input into raw mode.
    ///
    /// # Errors
    /// Where standard input is no terminal.
    pub(crate) fn enter() -> Result<Self> {
        let stdin = rustix::stdio::stdin();
        let refused = |error: rustix::io::Errno| Error::io("cannot set up the terminal", error.into());
        let before = tcgetattr(stdin).map_err(refused)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin, OptionalActions::Drain, &raw).map_err(refused)?;
        Ok(Self { before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // The terminal may be gone by now; there is nothing left to restore then.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before);
    }
}

/// The terminal's size, from whichever of our three descriptors is one; 80 by 24 where none tells.
pub(crate) fn window_size() -> WindowSize {
    [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()]
        .into_iter()
        .filter_map(|descriptor| tcgetwinsize(descriptor).ok())
        .find(|size| size.ws_col > 0 && size.ws_row > 0)
        .map_or(WindowSize { columns: 80, rows: 24 }, |size| WindowSize { columns: size.ws_col, rows: size.ws_row })
}
