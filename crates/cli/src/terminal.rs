//! The terminal that we were called from, when a job inside a machine is to have it.

use machine_core::{Error, ErrorKind, Result, Secret};
use rustix::process::Signal;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::Failure;
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

/// Reads a line from the terminal without showing it.
///
/// # Errors
/// [`Failure::Interrupted`] for Ctrl-C; [`ErrorKind::Cancelled`] for Ctrl-D and a terminal that goes away; what the system says.
pub(crate) fn read_hidden(streams: &Streams) -> Result<Secret, Failure> {
    const BACKSPACE: [u8; 2] = [0x08, 0x7f];
    const INTERRUPT: u8 = 0x03;
    const END: u8 = 0x04;
    const LINE_ENDS: [u8; 2] = *b"\r\n";
    const CLEAR: u8 = 0x15;
    // Raw, so that Ctrl-C is a key like any other: ended by it, we would leave the terminal silent.
    let _raw = RawMode::enter(streams)?;
    let (mut line, mut key) = (Vec::new(), [0]);
    loop {
        let read = streams.read(&mut key).map_err(|errno| Error::io("cannot read the terminal", errno.into()))?;
        match key {
            [INTERRUPT] => return Err(Failure::Interrupted(Signal::INT.as_raw())),
            [key] if read == 0 || key == END => {
                return Err(Error::new(ErrorKind::Cancelled, "nothing was entered").into());
            }
            [key] if LINE_ENDS.contains(&key) => break,
            [key] if BACKSPACE.contains(&key) => drop(line.pop()),
            [CLEAR] => line.clear(),
            [key] => line.push(key),
        }
    }
    let text = String::from_utf8(line).map_err(|_| Error::new(ErrorKind::Invalid, "what was entered is not text"))?;
    Ok(Secret::new(text.trim()))
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // The terminal may be gone by now; there is nothing left to restore then.
        let _ = tcsetattr(self.streams.stdin(), OptionalActions::Now, &self.before);
    }
}
