//! Starting a program: fork, prepare, execute, and hear whether that worked.

use std::ffi::CString;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use machine_core::{EnvVar, OsText, WindowSize};
use machine_sys::{Child, Fork, Process};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pipe::{PipeFlags, pipe_with};

use super::command::{self, Refusal};
use super::environment::Surroundings;
use super::terminal;

/// The longest refusal that is taken.
const MAX_REFUSAL: u64 = 16 * 1024;

/// A program to start.
#[derive(Debug)]
pub(super) struct Launch {
    /// The program and its arguments.
    pub(super) command: Vec<OsText>,
    /// Variables on top of the machine's.
    pub(super) env: Vec<EnvVar>,
    /// Where it starts.
    pub(super) workdir: Option<OsText>,
    /// Where it reads and writes.
    pub(super) stdio: Stdio,
    /// The size of its terminal, where it has one.
    pub(super) tty: Option<WindowSize>,
}

/// Where a program reads and writes.
#[derive(Debug)]
pub(super) enum Stdio {
    /// Reads nothing; writes standard output and standard error here.
    Machine([OwnedFd; 2]),
    /// Standard input, output and error.
    Given([OwnedFd; 3]),
    /// A terminal.
    Terminal,
}

/// A program on its way.
#[derive(Debug)]
pub(super) struct Started {
    child: Child,
    /// End-of-file: it runs. Anything else: why it does not.
    verdict: OwnedFd,
    /// The master of its terminal.
    pub(super) master: Option<OwnedFd>,
}

/// Whether it runs.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Its `execve` succeeded.
    Runs(Child),
    /// It does not; the child ends, and waits to be reaped.
    Refused {
        /// One sentence.
        message: String,
        /// 126 or 127, where the command is to blame.
        code: Option<i32>,
    },
}

impl Launch {
    /// Forks. What fails here is the system's fault, not the command's.
    pub(super) fn begin(self, surroundings: &Surroundings) -> io::Result<Started> {
        let (verdict, report) = pipe_with(PipeFlags::CLOEXEC)?;
        let master = self.tty.map(terminal::open).transpose()?;
        let parent = surroundings.is_plain().then(Process::current).transpose()?;
        match machine_sys::fork()? {
            Fork::Parent(child) => Ok(Started { child, verdict, master }),
            Fork::Child => {
                let refusal = self.become_it(surroundings, master.as_ref(), parent.as_ref());
                let mut message = vec![refusal.code];
                message.extend_from_slice(refusal.message.as_bytes());
                let _ = rustix::io::write(&report, &message);
                machine_sys::leave(i32::from(refusal.code.max(1)))
            }
        }
    }

    /// In the child. Returns only when the program cannot be executed.
    fn become_it(&self, surroundings: &Surroundings, master: Option<&OwnedFd>, parent: Option<&Process>) -> Refusal {
        if let Err(error) = self.prepare(master, parent) {
            return Refusal::surroundings(format!("cannot prepare a process: {}", crate::fault::reason(&error)));
        }
        let directory = surroundings.directory(self.workdir.as_ref());
        if let Err(error) = rustix::process::chdir(&directory) {
            let error = crate::fault::reason(&error.into());
            return Refusal::surroundings(format!("cannot start in `{}`: {error}", directory.display()));
        }
        let name = self.command.first().map(OsText::as_bytes).unwrap_or_default();
        let file = match surroundings.stands_for(name) {
            Some(file) => file.to_owned(),
            None => match command::find(name, surroundings.search_path(&self.env)) {
                Ok(file) => file,
                Err(refusal) => return refusal,
            },
        };
        let arguments: Result<Vec<CString>, _> =
            self.command.iter().map(|argument| CString::new(argument.as_bytes())).collect();
        let Ok(arguments) = arguments else {
            return Refusal::surroundings("an argument holds a zero byte, which no program can be given".to_owned());
        };
        command::become_program(&file, &arguments, &surroundings.environment(&self.env, self.tty.is_some()))
    }

    /// A session of its own, its descriptors in place, no signal blocked or ignored.
    fn prepare(&self, master: Option<&OwnedFd>, parent: Option<&Process>) -> io::Result<()> {
        rustix::process::setsid()?;
        if let Some(parent) = parent {
            // Without a pid namespace the kernel does not see to it that nothing outlives pid 1.
            machine_sys::die_with_parent(parent)?;
        }
        match (&self.stdio, master) {
            (Stdio::Machine([output, error]), _) => {
                let nothing = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
                place([nothing.as_fd(), output.as_fd(), error.as_fd()])?;
            }
            (Stdio::Given([input, output, error]), _) => place([input.as_fd(), output.as_fd(), error.as_fd()])?,
            (Stdio::Terminal, Some(master)) => terminal::take(master)?,
            (Stdio::Terminal, None) => return Err(io::Error::other("there is no terminal")),
        }
        machine_sys::signals::reset()
    }
}

/// Makes these descriptors 0, 1 and 2.
pub(super) fn place([input, output, error]: [BorrowedFd<'_>; 3]) -> io::Result<()> {
    rustix::stdio::dup2_stdin(input)?;
    rustix::stdio::dup2_stdout(output)?;
    rustix::stdio::dup2_stderr(error)?;
    Ok(())
}

impl Started {
    /// Readable when [`finish`](Self::finish) will not have to wait.
    pub(super) fn verdict(&self) -> BorrowedFd<'_> {
        self.verdict.as_fd()
    }

    /// The process.
    pub(super) fn child(&self) -> &Child {
        &self.child
    }

    /// Hears the verdict.
    pub(super) fn finish(self) -> io::Result<Outcome> {
        let mut message = Vec::new();
        std::fs::File::from(self.verdict).take(MAX_REFUSAL).read_to_end(&mut message)?;
        let Some((&code, text)) = message.split_first() else { return Ok(Outcome::Runs(self.child)) };
        let code = (code != 0).then_some(i32::from(code));
        Ok(Outcome::Refused { message: String::from_utf8_lossy(text).into_owned(), code })
    }

    /// Waits for the verdict, and kills the process when none has come by `deadline`.
    pub(super) fn wait(self, deadline: Instant) -> io::Result<Outcome> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.child.signal(9)?;
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut fds = [PollFd::new(&self.verdict, PollFlags::IN)];
            match poll(&mut fds, Some(&timeout(left))) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.finish(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A span as `poll` wants it.
pub(crate) fn timeout(span: Duration) -> rustix::event::Timespec {
    rustix::event::Timespec {
        tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: span.subsec_nanos().into(),
    }
}
