//! Telling processes apart, alive from dead, and what a process says of itself.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{DumpableBehavior, Pid, PidfdFlags, Signal};

/// One certain process: never another that was given the same pid later.
#[derive(Debug)]
pub struct Process(OwnedFd);

impl Process {
    /// The process with this pid that started at `start` (see [`process_start`]). `None`: it has ended.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn open(pid: i32, start: u64) -> io::Result<Option<Self>> {
        // Zero and negative numbers mean groups of processes elsewhere; here they name nobody.
        let Some(raw) = Some(pid).filter(|&pid| pid > 0).and_then(Pid::from_raw) else { return Ok(None) };
        let pidfd = match rustix::process::pidfd_open(raw, PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // In this order: once the descriptor is open, a start time that matches is that of the process behind it.
        let process = Self(pidfd);
        Ok((process_start(pid) == Some(start) && !process.has_ended()?).then_some(process))
    }

    /// This process.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn current() -> io::Result<Self> {
        Ok(Self(rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty())?))
    }

    /// Sends it a signal. Says whether it was still there.
    ///
    /// # Errors
    /// What the kernel says: `EPERM`, or `EINVAL` for a number that is no signal.
    pub fn signal(&self, signal: i32) -> io::Result<bool> {
        signal_pidfd(&self.0, signal)
    }

    /// Whether it has ended. A process that nobody has waited for yet has ended too, though it still has a pid.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn has_ended(&self) -> io::Result<bool> {
        has_ended(&self.0)
    }
}

impl AsFd for Process {
    /// Readable when the process has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Sends the process behind `pidfd` a signal. Says whether it was still there.
pub(crate) fn signal_pidfd(pidfd: impl AsFd, signal: i32) -> io::Result<bool> {
    let fd = pidfd.as_fd().as_raw_fd();
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is borrowed and so open, and no `siginfo` is handed over.
    match unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, no_info, 0) } {
        0 => Ok(true),
        _ => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
            error => Err(error),
        },
    }
}

impl crate::Child {
    /// Sends it a signal. Says whether it was still there.
    ///
    /// # Errors
    /// What the kernel says: `EPERM`, or `EINVAL` for a number that is no signal.
    pub fn signal(&self, signal: i32) -> io::Result<bool> {
        signal_pidfd(&self.pidfd, signal)
    }
}

/// Whether the process behind `pidfd` has ended.
///
/// # Errors
/// What the kernel says.
pub fn has_ended(pidfd: impl AsFd) -> io::Result<bool> {
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    loop {
        match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other? > 0),
        }
    }
}

/// When this process started, in clock ticks since the boot: with the pid it names a process for good. `None`: there is
/// none, or it has ended and only waits to be waited for.
pub fn process_start(pid: i32) -> Option<u64> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in parentheses that may hold anything, so the count starts at the last parenthesis.
    let close = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    (!matches!(state, "Z" | "X" | "x")).then(|| fields.nth(18)?.parse().ok()).flatten()
}

/// The identity of this boot of the computer.
///
/// # Errors
/// When `/proc` is not there.
pub fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim_end().to_owned())
}

/// Has the kernel kill this process when the one that made it dies. Call it from the process's only thread, and after any
/// change of user, which undoes it; `parent` (its [`Process::current`], made before the fork) shows whether it has died before.
///
/// # Errors
/// When `parent` is gone already, or what the kernel says.
pub fn die_with_parent(parent: &Process) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if parent.has_ended()? {
        return Err(io::Error::other("the process that made this one has died"));
    }
    Ok(())
}

/// Sets the name that `ps` shows: at most 15 bytes of it.
///
/// # Errors
/// When `name` holds a zero byte.
pub fn set_name(name: &str) -> io::Result<()> {
    Ok(rustix::thread::set_name(&CString::new(name)?)?)
}

/// Keeps other processes of the same user from reading this one's memory and descriptors.
///
/// # Errors
/// What the kernel says.
pub fn not_dumpable() -> io::Result<()> {
    Ok(rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Makes this process the parent of descendants whose own parents end, so that none gets away unseen.
///
/// # Errors
/// What the kernel says.
pub fn reap_descendants() -> io::Result<()> {
    // Which pid is given makes no difference: any turns it on.
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// Ends this process at once: no destructor runs, nothing is flushed. For a forked child, whose copies of its parent's
/// values are not its own to clean up.
pub fn leave(code: i32) -> ! {
    // SAFETY: ending a process is always allowed.
    unsafe { libc::_exit(code) }
}

/// Gives memory that was freed back to the system, where the allocator can. For processes that worked once and now wait.
pub fn return_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes no pointer, and the allocator locks itself.
    unsafe {
        libc::malloc_trim(0);
    }
}
