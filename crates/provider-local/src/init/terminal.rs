//! Terminals for commands.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use machine_core::WindowSize;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Opens the master of a new terminal of this size.
pub(super) fn open(size: WindowSize) -> io::Result<OwnedFd> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    unlockpt(&master)?;
    tcsetwinsize(&master, Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 })?;
    Ok(master)
}

/// Makes the terminal of this master the one that controls this session, and its descriptors 0, 1 and 2.
pub(super) fn take(master: &OwnedFd) -> io::Result<()> {
    // By descriptor and not by name: no other terminal can have taken the name.
    let terminal = ioctl_tiocgptpeer(master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    rustix::process::ioctl_tiocsctty(&terminal)?;
    super::launch::place([terminal.as_fd(); 3])
}
