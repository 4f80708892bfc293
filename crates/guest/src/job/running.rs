//! A job that was forked: its processes and the descriptors that lead to it.

use std::io;
use std::os::fd::OwnedFd;

use machine_core::WindowSize;
use machine_sys::{Child, Fork, Namespaces, Process};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::link::Link;
use super::plan::Plan;
use super::process::Stdio;
use super::{Failure, init};

/// A job that was forked.
#[derive(Debug)]
pub(super) struct Running {
    /// job-init.
    pub(super) init: Child,
    /// What is said to it and heard from it.
    pub(super) link: Link,
    /// Where the job's output comes from; the terminal where it has one. Nothing once it has ended.
    pub(super) stdout: Option<OwnedFd>,
    /// Where its error output comes from.
    pub(super) stderr: Option<OwnedFd>,
    /// The terminal, and its other end: without that, a job that closes its terminal for a moment would seem to have ended.
    terminal: Option<(OwnedFd, OwnedFd)>,
}

/// Descriptors before the fork: the job's ends and the guest's.
struct Ends {
    job: Stdio,
    stdin: Option<OwnedFd>,
    stdout: OwnedFd,
    stderr: Option<OwnedFd>,
    terminal: Option<(OwnedFd, OwnedFd)>,
}

impl Running {
    /// Forks job-init and with it the job. The second value is where the job's input goes, if it has any.
    pub(super) fn fork(plan: &Plan, stdin: bool, tty: Option<WindowSize>) -> Result<(Self, Option<OwnedFd>), Failure> {
        let failed =
            |what: &str, error: io::Error| Failure::ours(format!("the job cannot be started ({what}): {error}"));
        let ends = match tty {
            Some(size) => Ends::terminal(size).map_err(|error| failed("its terminal", error))?,
            None => Ends::pipes(stdin).map_err(|error| failed("its pipes", error))?,
        };
        let (link, init_link) = Link::pair().map_err(|error| failed("its link", error))?;
        let guest = Process::current().map_err(|error| failed("its supervisor", error))?;
        let forked = if plan.isolated {
            machine_sys::clone_into(Namespaces::PID | Namespaces::MOUNT | Namespaces::IPC)
        } else {
            machine_sys::fork()
        };
        match forked.map_err(|error| failed("its namespaces", error))? {
            Fork::Parent(init) => {
                let Ends { job, stdin, stdout, stderr, terminal } = ends;
                drop((job, init_link));
                Ok((Self { init, link, stdout: Some(stdout), stderr, terminal }, stdin))
            }
            Fork::Child => {
                let Ends { job, stdin, stdout, stderr, terminal } = ends;
                drop((stdin, stdout, stderr, terminal, link));
                init::run(plan, job, &init_link, &guest);
                init::exit()
            }
        }
    }

    /// Tells the job's terminal its size.
    pub(super) fn resize(&self, size: WindowSize) {
        if let Some((terminal, _)) = &self.terminal {
            let _ = tcsetwinsize(terminal, winsize(size));
        }
    }

    /// Whether the output comes from a terminal, which never ends by itself.
    pub(super) fn has_terminal(&self) -> bool {
        self.terminal.is_some()
    }
}

impl Ends {
    fn pipes(stdin: bool) -> io::Result<Self> {
        let pipe = || pipe_with(PipeFlags::CLOEXEC);
        let (job_stdin, stdin) = if stdin {
            let (read, write) = pipe()?;
            (read, Some(unblocked(write)?))
        } else {
            let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            (null, None)
        };
        let (stdout, job_stdout) = pipe()?;
        let (stderr, job_stderr) = pipe()?;
        Ok(Self {
            job: Stdio { stdin: job_stdin, stdout: job_stdout, stderr: job_stderr },
            stdin,
            stdout: unblocked(stdout)?,
            stderr: Some(unblocked(stderr)?),
            terminal: None,
        })
    }

    fn terminal(size: WindowSize) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        tcsetwinsize(&master, winsize(size))?;
        let master = unblocked(master)?;
        Ok(Self {
            job: Stdio { stdin: slave.try_clone()?, stdout: slave.try_clone()?, stderr: slave.try_clone()? },
            stdin: Some(master.try_clone()?),
            stdout: master.try_clone()?,
            stderr: None,
            terminal: Some((master, slave)),
        })
    }
}

fn unblocked(fd: OwnedFd) -> io::Result<OwnedFd> {
    fcntl_setfl(&fd, fcntl_getfl(&fd)? | OFlags::NONBLOCK)?;
    Ok(fd)
}

fn winsize(size: WindowSize) -> Winsize {
    Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 }
}
