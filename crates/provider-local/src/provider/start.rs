//! Starting a machine: its supervisor is told what to do over a pipe, and answers over another.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use machine_core::{Deadline, Error, ErrorKind, ExitReason, ExitStatus, OsText, Result};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};

use super::Local;
use crate::layout::SHIM_LOG;
use crate::order::{BoundVolume, FileOrder, Ready, SHIM_ARG, StartFailure, StartOrder};
use crate::record::{ExitRecord, SpecRecord};
use crate::store::{MachineDir, OpLock, failed};

/// How long a machine may take until it runs.
const READY: Duration = Duration::from_secs(10);
/// How long the shim of an earlier start, which has said how that ended, may take to be gone.
const LAST_BREATH: Duration = Duration::from_secs(5);
/// What the shim gets of our environment. All else stays out: what runs inside can read its supervisor's.
const SHIM_ENV: [&str; 3] = ["PATH", "HOME", "XDG_RUNTIME_DIR"];

/// Why a machine does not run.
#[derive(Debug)]
pub(super) enum NotStarted {
    /// It was not tried.
    Untried(Error),
    /// It cannot start, and this is why.
    Refused(StartFailure),
    /// Its supervisor died on the way, or took too long.
    Lost(Error),
}

impl Local {
    /// Starts the machine in `dir`, whose number of starts was `generation`; returns when it runs.
    ///
    /// # Errors
    /// See [`NotStarted`].
    pub(super) fn start(
        &self,
        dir: &MachineDir,
        lock: &OpLock,
        spec: &SpecRecord,
        files: Vec<FileOrder>,
        generation: u64,
    ) -> Result<(), NotStarted> {
        let name = &spec.name;
        if !dir.wait_until_dead(LAST_BREATH).map_err(NotStarted::Untried)? {
            let message = format!("machine `{name}` has not quite ended yet");
            return Err(NotStarted::Untried(Error::new(ErrorKind::Busy, message)));
        }
        let generation = generation + 1;
        let order = StartOrder {
            generation,
            spec: spec.clone(),
            volumes: self.bound_volumes(spec).map_err(NotStarted::Untried)?,
            files,
            helper: OsText::from(self.helper.as_os_str()),
        };
        let order = serde_json::to_vec(&order)
            .map_err(|error| NotStarted::Untried(Error::io("cannot write the order to start", error.into())))?;
        let mut child = self.spawn(dir).map_err(NotStarted::Untried)?;
        let answer = converse(&mut child, &order);
        dismiss(child);
        match answer {
            Ok(Ready::Running) => Ok(()),
            Ok(Ready::Failed(failure)) => Err(NotStarted::Refused(failure)),
            Err(error) => Err(NotStarted::Lost(self.lost(dir, lock, name, generation, error))),
        }
    }

    fn bound_volumes(&self, spec: &SpecRecord) -> Result<Vec<BoundVolume>> {
        let bind = |mount: &machine_core::VolumeMount| {
            let volume = self.store.require_volume(mount.volume.as_str())?;
            Ok(BoundVolume {
                source: OsText::from(volume.data().into_os_string()),
                target: OsText::from(mount.path.as_str()),
            })
        };
        spec.volumes.iter().map(bind).collect()
    }

    fn spawn(&self, dir: &MachineDir) -> Result<Child> {
        let log = dir.path().join(SHIM_LOG);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::APPEND | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let stderr = rustix::fs::openat(dir, SHIM_LOG, flags, Mode::from_raw_mode(0o600))
            .map_err(|error| failed("write", &log, error))?;
        let mut command = Command::new(&self.helper);
        command
            .args([SHIM_ARG, dir.id()])
            .current_dir(dir.path())
            .env_clear()
            .envs(SHIM_ENV.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::from(stderr));
        command.spawn().map_err(|error| {
            failed("run the helper program", &self.helper, error)
                .with_hint("`local.helper` in the configuration must name the machine program")
        })
    }

    /// What is said of a start whose supervisor did not answer. That it died is written down where it did.
    fn lost(&self, dir: &MachineDir, lock: &OpLock, name: &str, generation: u64, error: io::Error) -> Error {
        let (kind, message) = match error.kind() {
            io::ErrorKind::TimedOut => {
                (ErrorKind::Timeout, format!("machine `{name}` did not come up within {} s", READY.as_secs()))
            }
            _ => (ErrorKind::System, format!("the supervisor of machine `{name}` died while it was starting: {error}")),
        };
        let died = dir.wait_until_dead(Duration::from_millis(500)).unwrap_or(false);
        if died {
            let status = ExitStatus {
                message: Some("the machine's supervisor died while it was starting".to_owned()),
                at: Some(jiff::Timestamp::now()),
                ..ExitStatus::unknown(ExitReason::SupervisorDied)
            };
            // The status says the same without it, unless an earlier start's exit is in the way.
            dir.write_exit(lock, &ExitRecord { generation, status }).ok();
        }
        let error = Error::new(kind, message).with_source(error);
        match dir.shim_log_tail() {
            Some(said) => error.with_context("shim_log", said),
            None => error,
        }
        .with_hint(format!("machine start {name}, or machine destroy {name}"))
    }
}

/// Hands the order over and waits for the answer.
fn converse(child: &mut Child, order: &[u8]) -> io::Result<Ready> {
    let deadline = Deadline::after(READY);
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("no pipes"));
    };
    let (mut stdin, mut stdout) = (File::from(OwnedFd::from(stdin)), File::from(OwnedFd::from(stdout)));
    for pipe in [stdin.as_fd(), stdout.as_fd()] {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    let mut rest = order;
    while !rest.is_empty() {
        match stdin.write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready(stdin.as_fd(), PollFlags::OUT, deadline)?,
            // It may have said why before it closed its end.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error),
        }
    }
    drop(stdin);
    let mut answer = Vec::new();
    loop {
        match (&mut stdout).take(64 * 1024).read_to_end(&mut answer) {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // The answer is one document: once it is whole, there is nothing to wait for.
                if let Ok(ready) = serde_json::from_slice(&answer) {
                    return Ok(ready);
                }
                ready(stdout.as_fd(), PollFlags::IN, deadline)?;
            }
            Err(error) => return Err(error),
        }
    }
    if answer.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it went without a word"));
    }
    Ok(serde_json::from_slice(&answer)?)
}

fn ready(fd: BorrowedFd<'_>, events: PollFlags, deadline: Deadline) -> io::Result<()> {
    let remaining = deadline.remaining();
    let timeout = Timespec::try_from(remaining).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut fds = [PollFd::from_borrowed_fd(fd, events)];
    match rustix::event::poll(&mut fds, Some(&timeout)) {
        Ok(0) => Err(io::ErrorKind::TimedOut.into()),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reaps the process that was spawned: it forks the supervisor and exits at once. One that hangs is killed.
fn dismiss(mut child: Child) {
    let deadline = Deadline::after(Duration::from_secs(1));
    while let Ok(None) = child.try_wait() {
        if deadline.passed() {
            child.kill().ok();
            child.wait().ok();
            return;
        }
        std::thread::sleep(Duration::from_micros(100));
    }
}
