//! Which namespaces a process is to have of its own.

use std::io;
use std::ops::BitOr;

use crate::fork::require_single_thread;

/// A set of namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Namespaces(libc::c_int);

impl Namespaces {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// User and group ids, and with them the capabilities over everything made afterwards.
    pub const USER: Self = Self(libc::CLONE_NEWUSER);
    /// Process ids. The first process in it is its pid 1; when that ends, the kernel ends the rest.
    pub const PID: Self = Self(libc::CLONE_NEWPID);
    /// What is mounted where.
    pub const MOUNT: Self = Self(libc::CLONE_NEWNS);
    /// The host name.
    pub const UTS: Self = Self(libc::CLONE_NEWUTS);
    /// System V shared memory and POSIX message queues.
    pub const IPC: Self = Self(libc::CLONE_NEWIPC);
    /// Network interfaces, ports and abstract unix sockets.
    pub const NET: Self = Self(libc::CLONE_NEWNET);

    /// The kernel's flags.
    pub(crate) fn flags(self) -> libc::c_int {
        self.0
    }
}

impl BitOr for Namespaces {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Moves this process into new namespaces (with [`Namespaces::PID`]: its future children only).
///
/// # Errors
/// Refused when the process has more than one thread, because the others would stay behind; else what the kernel says:
/// `EPERM` and `ENOSPC` mean that the system does not allow it.
pub fn unshare(namespaces: Namespaces) -> io::Result<()> {
    require_single_thread()?;
    // SAFETY: none of the flags that a `Namespaces` can hold touches memory or the descriptor table, and there is no other
    // thread that could be surprised.
    match unsafe { libc::unshare(namespaces.flags()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
