//! The master side of a command's terminal.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use machine_core::WindowSize;
use rustix::termios::Winsize;
use tokio::io::AsyncWrite as _;
use tokio::net::unix::pipe::{Receiver, Sender};

/// What a terminal takes for the end of the input (Ctrl-D).
const END: u8 = 4;

/// Takes over the master side `master` of a terminal: what shows on it, and the way to type on it and to resize it.
///
/// # Errors
/// What the system says.
pub(super) fn split(master: OwnedFd) -> io::Result<(Receiver, Arc<Terminal>, TerminalInput)> {
    rustix::io::ioctl_fionbio(&master, true)?;
    let (for_size, for_input) = (master.try_clone()?, master.try_clone()?);
    // It is no pipe, and is read and written like one.
    let output = Receiver::from_owned_fd_unchecked(master)?;
    let input = TerminalInput { keys: Sender::from_owned_fd_unchecked(for_input)?, ended: false };
    Ok((output, Arc::new(Terminal(for_size)), input))
}

/// A terminal that can be resized.
#[derive(Debug)]
pub(super) struct Terminal(OwnedFd);

impl Terminal {
    /// Tells it its new size.
    pub(super) fn resize(&self, size: WindowSize) -> io::Result<()> {
        let size = Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(rustix::termios::tcsetwinsize(self.0.as_fd(), size)?)
    }
}

/// What is typed on a terminal.
#[derive(Debug)]
pub(super) struct TerminalInput {
    keys: Sender,
    ended: bool,
}

impl TerminalInput {
    /// Types `bytes`.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.keys).poll_write(context, bytes)
    }

    /// Types the end of the input, once.
    pub(super) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ended {
            // A terminal that is gone needs no end.
            let _ = ready!(self.poll_write(context, &[END]));
            self.ended = true;
        }
        Poll::Ready(Ok(()))
    }
}
