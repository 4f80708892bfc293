//! How children ended.

use std::io;

use rustix::process::{Pid, WaitOptions, WaitStatus, waitpid};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
}

impl Ended {
    fn from_status(status: WaitStatus) -> Option<Self> {
        status.exit_status().map(Self::Exited).or_else(|| status.terminating_signal().map(Self::Signaled))
    }
}

/// Takes note of any child that has ended, without waiting. `None`: none has, or there are none.
///
/// # Errors
/// What the kernel says.
pub fn wait_any() -> io::Result<Option<(Pid, Ended)>> {
    match wait_for(None, WaitOptions::NOHANG) {
        Err(error) if error.raw_os_error() == Some(libc::ECHILD) => Ok(None),
        other => other,
    }
}

/// Takes note of this child's end if it has ended, without waiting.
///
/// # Errors
/// What the kernel says; `ECHILD`: not a child of ours, or somebody has taken note already.
pub fn try_wait(pid: Pid) -> io::Result<Option<Ended>> {
    Ok(wait_for(Some(pid), WaitOptions::NOHANG)?.map(|(_, ended)| ended))
}

/// Waits for this child's end, however long that takes.
///
/// # Errors
/// What the kernel says; `ECHILD`: not a child of ours, or somebody has taken note already.
pub fn wait(pid: Pid) -> io::Result<Ended> {
    wait_for(Some(pid), WaitOptions::empty())?.map(|(_, ended)| ended).ok_or_else(|| io::Error::other("no child ended"))
}

fn wait_for(pid: Option<Pid>, options: WaitOptions) -> io::Result<Option<(Pid, Ended)>> {
    loop {
        // To `waitpid`, no pid means the children in this process's own group, which those that lead a session have left.
        let waited = match pid {
            Some(_) => waitpid(pid, options),
            None => rustix::process::wait(options),
        };
        match waited {
            // A stopped child is not reported unless asked for, so a status without an end cannot be.
            Ok(Some((pid, status))) => return Ok(Ended::from_status(status).map(|ended| (pid, ended))),
            Ok(None) => return Ok(None),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
