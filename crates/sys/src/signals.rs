//! Signals as something to read, and a clean slate for programs to be executed.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// The largest signal number on Linux.
const LAST: i32 = 64;

/// Signals that are read from a descriptor instead of interrupting. They stay blocked after it is dropped.
#[derive(Debug)]
pub struct SignalFd(OwnedFd);

impl SignalFd {
    /// Blocks `signals` and makes them readable.
    ///
    /// # Errors
    /// What the kernel says; `EINVAL` for a number that is no signal.
    pub fn new(signals: &[i32]) -> io::Result<Self> {
        block(signals)?;
        let set = set_of(signals)?;
        // SAFETY: `set` is initialised, and -1 asks for a new descriptor.
        let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just opened this descriptor for us, and nobody else knows its number.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// The number of the next signal that has come, without waiting. Several of the same number count as one.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn read(&self) -> io::Result<Option<i32>> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the buffer is writable and as long as stated.
        let read = unsafe { libc::read(self.0.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        if read < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
                _ => Err(error),
            };
        }
        if read.cast_unsigned() != size {
            return Ok(None);
        }
        // SAFETY: the kernel has filled all of it.
        let info = unsafe { info.assume_init() };
        Ok(i32::try_from(info.ssi_signo).ok())
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Keeps `signals` from being delivered to this thread, and to threads and processes that it makes.
///
/// # Errors
/// `EINVAL` for a number that is no signal.
pub fn block(signals: &[i32]) -> io::Result<()> {
    change_mask(libc::SIG_BLOCK, &set_of(signals)?)
}

/// A clean slate for a program that is about to be executed: no signal is blocked and each does what it does by default.
/// (The Rust runtime ignores `SIGPIPE`, and ignored signals are inherited by programs.)
///
/// # Errors
/// What the kernel says.
pub fn reset() -> io::Result<()> {
    for signal in 1..=LAST {
        // SAFETY: the default disposition runs no code of ours. Numbers that cannot be changed (SIGKILL, SIGSTOP, those
        // that the C library keeps for itself) are refused without effect.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    change_mask(libc::SIG_SETMASK, &set_of(&[])?)
}

fn set_of(signals: &[i32]) -> io::Result<libc::sigset_t> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the pointer is to a set that may be written.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: the line before has initialised all of it.
    let mut set = unsafe { set.assume_init() };
    for &signal in signals {
        // SAFETY: `set` is initialised.
        if unsafe { libc::sigaddset(&raw mut set, signal) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(set)
}

fn change_mask(how: libc::c_int, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: `set` is initialised, and the old mask is not asked for.
    match unsafe { libc::pthread_sigmask(how, set, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}
