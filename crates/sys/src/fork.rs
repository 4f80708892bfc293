//! Making a process by copying this one.

use std::fs;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::namespaces::Namespaces;

/// Which of the two processes this is.
#[derive(Debug)]
pub enum Fork {
    /// The one that was there before.
    Parent(Child),
    /// The new one: a copy of everything, values with destructors included.
    Child,
}

/// A process that this one made and has to wait for.
#[derive(Debug)]
pub struct Child {
    /// Its pid, as this process sees it.
    pub pid: Pid,
    /// It, and never another process that got the same pid later. Readable when it has ended.
    pub pidfd: OwnedFd,
}

/// Copies this process.
///
/// # Errors
/// Refused when the process has more than one thread; else what the kernel says.
pub fn fork() -> io::Result<Fork> {
    require_single_thread()?;
    // SAFETY: with a single thread no lock can be held by a thread that the copy lacks, so the copy may do whatever the
    // original may.
    let pid = match unsafe { libc::fork() } {
        -1 => return Err(io::Error::last_os_error()),
        0 => return Ok(Fork::Child),
        pid => Pid::from_raw(pid).ok_or_else(|| io::Error::other("fork returned no pid"))?,
    };
    // Nobody has waited for the child yet, so its pid cannot have been given to another, even if it has ended.
    Ok(Fork::Parent(Child { pid, pidfd: pidfd_open(pid, PidfdFlags::empty())? }))
}

/// Copies this process into new namespaces.
///
/// The child is a plain copy but for one thing: the C library does not know that it has a new thread id. Nothing that this
/// project calls depends on it.
///
/// # Errors
/// Refused when the process has more than one thread; else what the kernel says: `EPERM`, `ENOSPC` and `ENOSYS` mean that
/// the system does not allow it.
pub fn clone_into(namespaces: Namespaces) -> io::Result<Fork> {
    require_single_thread()?;
    let mut pidfd: libc::c_int = -1;
    // SAFETY: all-zero is the documented "nothing asked for" of this structure of integers.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = u64::from(namespaces.flags().cast_unsigned()) | u64::from(libc::CLONE_PIDFD.cast_unsigned());
    args.pidfd = (&raw mut pidfd).addr() as u64;
    args.exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
    // SAFETY: `args` is of the size that we state and names one address to write to, that of `pidfd`, which outlives the
    // call. No stack is given and no memory is shared, so the child runs on its own copy of this one, as after a fork; with
    // a single thread that copy is complete.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<libc::clone_args>()) };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        pid => {
            // SAFETY: the kernel has just opened this descriptor for us, and nobody else knows its number.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            Ok(Fork::Parent(Child { pid: pid.ok_or_else(|| io::Error::other("clone3 returned no pid"))?, pidfd }))
        }
    }
}

/// Whether this process has exactly one thread. Only then can it be forked.
///
/// # Errors
/// When `/proc` cannot tell.
pub fn single_threaded() -> io::Result<bool> {
    // One link for the directory's name, one for its dot, one for each thread: a single system call.
    Ok(fs::metadata("/proc/self/task")?.nlink() == 3)
}

/// Refuses when there is more than one thread.
pub(crate) fn require_single_thread() -> io::Result<()> {
    if single_threaded()? {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "a process with several threads cannot be forked safely"))
    }
}
