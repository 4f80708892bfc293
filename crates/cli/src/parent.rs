//! The reaper's ties to the process that started it: cut, but for watching it.

pub(crate) use system::{Parent, detach};

#[cfg(target_os = "linux")]
mod system {
    use std::io;

    use machine_sys::{Fork, Process};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;

    /// The longest that a parent whose end of the pipe is closed may take to be gone.
    const GOES_WITHIN: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

    /// Moves into a session of its own, so that no terminal's end reaches us. Whether this process is the one to go on.
    pub(crate) fn detach() -> io::Result<bool> {
        // The leader of a group cannot start a session; its child can.
        match machine_sys::fork()? {
            Fork::Parent(_) => Ok(false),
            Fork::Child => rustix::process::setsid().map(|_| true).map_err(Into::into),
        }
    }

    /// The process that started this one.
    pub(crate) struct Parent(Option<Process>);

    impl Parent {
        /// Finds it by its `pid`; to be called before [`detach`], which puts another in its place. A parent that has died
        /// already is gone for good: whoever is our parent then is somebody else.
        pub(crate) fn find(pid: u32) -> io::Result<Self> {
            let ours = || rustix::process::getppid().map(|parent| parent.as_raw_nonzero().get());
            let Some(parent) = ours().filter(|parent| parent.cast_unsigned() == pid) else { return Ok(Self(None)) };
            let process = machine_sys::process_start(parent).map(|start| Process::open(parent, start)).transpose()?;
            // Still our parent, so that it was not another with its pid that we found.
            Ok(Self(process.flatten().filter(|_| ours() == Some(parent))))
        }

        /// Blocks until it is gone for good. The pipe can end a moment before the kernel lets go of its locks, and the
        /// ledger takes it for alive until then.
        pub(crate) fn wait(&self) -> io::Result<()> {
            let Some(process) = &self.0 else { return Ok(()) };
            loop {
                match poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&GOES_WITHIN)) {
                    Ok(_) => return Ok(()),
                    Err(Errno::INTR) => {}
                    Err(errno) => return Err(errno.into()),
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;
    use std::time::Duration;

    /// How long the kernel may take to let go of a dead parent's locks.
    const GOES_WITHIN: Duration = Duration::from_secs(1);

    /// Stays in the parent's session, but in a group of its own; goes on in this process.
    pub(crate) fn detach() -> io::Result<bool> {
        Ok(true)
    }

    /// The process that started this one.
    pub(crate) struct Parent;

    impl Parent {
        /// Finds it.
        pub(crate) fn find(_pid: u32) -> io::Result<Self> {
            Ok(Self)
        }

        /// Gives it time to be gone for good.
        pub(crate) fn wait(&self) -> io::Result<()> {
            std::thread::sleep(GOES_WITHIN);
            Ok(())
        }
    }
}
