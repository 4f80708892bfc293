//! What the mount calls of `rustix` lack.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

/// What a mount must not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restrictions {
    /// Writing.
    pub read_only: bool,
    /// Device files.
    pub no_devices: bool,
    /// The mounts below it as well.
    pub recursive: bool,
}

/// Restricts the mount at `tree`; set-user-id programs in it lose their power in any case. Only adds: what is locked
/// already stays so.
///
/// # Errors
/// What the kernel says; `ENOSYS` before Linux 5.12.
pub fn restrict(tree: impl AsFd, how: Restrictions) -> io::Result<()> {
    let mut attributes = libc::MOUNT_ATTR_NOSUID;
    if how.read_only {
        attributes |= libc::MOUNT_ATTR_RDONLY;
    }
    if how.no_devices {
        attributes |= libc::MOUNT_ATTR_NODEV;
    }
    // SAFETY: all-zero is the documented "nothing asked for" of this structure of integers.
    let mut attr: libc::mount_attr = unsafe { std::mem::zeroed() };
    attr.attr_set = attributes;
    let flags = libc::AT_EMPTY_PATH | if how.recursive { libc::AT_RECURSIVE } else { 0 };
    let size = size_of::<libc::mount_attr>();
    let fd = tree.as_fd().as_raw_fd();
    // SAFETY: the path is a string, `attr` is of the size that we state, and the kernel only reads both.
    match unsafe { libc::syscall(libc::SYS_mount_setattr, fd, c"".as_ptr(), flags, &raw const attr, size) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
