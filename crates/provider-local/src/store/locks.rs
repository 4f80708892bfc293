//! The two locks of a machine: `op.lock` for those who change it, `shim.lock` for those who are it.

use std::fs::File;
use std::io::{Read, Seek as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use machine_core::{Deadline, Error, ErrorKind, Result};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::FILE_MODE;
use crate::layout::{OP_LOCK, SHIM_LOCK};

/// The right to change one machine. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct OpLock(File);

impl OpLock {
    /// Takes `op.lock` in the machine directory `dir` for `operation`; does not wait.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`], which says who has it; [`ErrorKind::NotFound`] when the machine was deleted meanwhile;
    /// [`ErrorKind::System`] when the file cannot be opened.
    pub(crate) fn take(dir: impl AsFd, operation: &str, machine: &str) -> Result<Self> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = rustix::fs::openat(dir, OP_LOCK, flags, FILE_MODE).map_err(|error| match error {
            Errno::NOENT => Error::not_found("machine", machine),
            error => Error::io(format_args!("cannot lock machine `{machine}`"), error.into()),
        })?;
        let mut file = File::from(file);
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(busy(&mut file, machine)),
            Err(error) => return Err(Error::io(format_args!("cannot lock machine `{machine}`"), error.into())),
        }
        // For people only, so that a full disk does not matter.
        let _ =
            file.set_len(0).and_then(|()| write!(file, "{} {operation}", rustix::process::getpid().as_raw_nonzero()));
        Ok(Self(file))
    }

    /// Takes it as [`take`](Self::take) does, but gives whoever has it up to `patience` to finish.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) fn take_patiently(dir: impl AsFd, operation: &str, machine: &str, patience: Duration) -> Result<Self> {
        let deadline = Deadline::after(patience);
        loop {
            match Self::take(dir.as_fd(), operation, machine) {
                Err(error) if error.kind() == ErrorKind::Busy && !deadline.passed() => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                other => return other,
            }
        }
    }
}

impl AsFd for OpLock {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Drop for OpLock {
    fn drop(&mut self) {
        // So that the next one is not taken for this one before it has said who it is.
        let _ = self.0.set_len(0);
        // Closing is not enough: a process that another thread is just starting has a copy of it until it executes.
        let _ = rustix::fs::flock(&self.0, FlockOperation::Unlock);
    }
}

fn busy(file: &mut File, machine: &str) -> Error {
    let mut holder = String::new();
    // Whoever has the lock says so a moment after taking it.
    for _ in 0..20 {
        holder.clear();
        let read = file.rewind().and_then(|()| Read::by_ref(file).take(200).read_to_string(&mut holder));
        if read.is_err() || !holder.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let message = match holder.split_once(' ') {
        Some((pid, operation)) => format!("machine `{machine}` is busy: process {pid} is at it ({operation})"),
        None => format!("machine `{machine}` is busy: another process is changing it"),
    };
    Error::new(ErrorKind::Busy, message).with_hint("try again when that is done")
}

/// Whether a shim or its init lives: the lock is the truth, a pid is not.
pub(super) fn shim_lives(dir: impl AsFd) -> rustix::io::Result<bool> {
    let lock =
        match rustix::fs::openat(dir, SHIM_LOCK, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(lock) => lock,
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(error),
        };
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(false),
        Err(Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error),
    }
}

/// A lock on a whole directory, given back when dropped.
#[derive(Debug)]
pub(crate) struct DirLock {
    _lock: OwnedFd,
}

impl DirLock {
    /// Locks `dir` alone or with others, waiting for at most `patience`.
    ///
    /// # Errors
    /// `TimedOut` when others keep it for longer; whatever the system says otherwise.
    pub(crate) fn take(dir: impl AsFd, alone: bool, patience: Duration) -> std::io::Result<Self> {
        // A description of its own: locks belong to descriptions, and the store's is shared by all threads.
        let own = rustix::fs::openat(dir, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let operation =
            if alone { FlockOperation::NonBlockingLockExclusive } else { FlockOperation::NonBlockingLockShared };
        let deadline = Deadline::after(patience);
        loop {
            match rustix::fs::flock(&own, operation) {
                Ok(()) => return Ok(Self { _lock: own }),
                Err(Errno::WOULDBLOCK) if deadline.passed() => {
                    return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "another process keeps it locked"));
                }
                Err(Errno::WOULDBLOCK) => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
