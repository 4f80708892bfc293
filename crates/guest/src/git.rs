//! Running git, which is the machine's and may be missing, hang, or ask questions.

use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The most bytes of git's own words that are kept.
const MAX_WORDS: usize = 2000;

/// Why git did not do it.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// This process was told to end.
    Asked,
    /// For this reason, half a sentence.
    Failed(String),
}

/// Somebody who may want git to be ended before it is done.
pub(crate) trait Interrupt {
    /// What becomes readable when there is something to be heard.
    fn watched(&self) -> Vec<BorrowedFd<'_>>;

    /// Hears it. Whether git is to be ended.
    fn interrupted(&mut self) -> bool;

    /// What is left until it has to be ended anyway.
    fn left(&self) -> Option<Duration>;
}

/// Nobody.
pub(crate) struct Never;

impl Interrupt for Never {
    fn watched(&self) -> Vec<BorrowedFd<'_>> {
        Vec::new()
    }

    fn interrupted(&mut self) -> bool {
        false
    }

    fn left(&self) -> Option<Duration> {
        None
    }
}

/// git, with nobody to ask, no user's settings, and no program of the job's in front of the system's.
pub(crate) fn command() -> Command {
    let mut path = std::ffi::OsString::from("/usr/local/bin:/usr/bin:/bin:");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new("git");
    command
        .env("PATH", path)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(["-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null"])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Whether a reference may name a commit rather than a branch or tag.
pub(crate) fn may_be_commit(reference: &str) -> bool {
    (7..=64).contains(&reference.len()) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Runs `command` to its end, which must come within `limit` and is forced when `interrupt` wants it.
pub(crate) fn run(command: &mut Command, limit: Duration, interrupt: &mut dyn Interrupt) -> Result<(), Stopped> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Stopped::Failed("there is no `git` in the machine".to_owned()),
        _ => Stopped::Failed(format!("git cannot be run: {error}")),
    };
    let mut child = command.process_group(0).spawn().map_err(failed)?;
    let words = listen(&mut child, Instant::now() + limit, interrupt);
    if words.is_err()
        && let Some(group) = i32::try_from(child.id()).ok().and_then(machine_sys::Pid::from_raw)
    {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let status = child.wait().map_err(failed)?;
    let words = words?;
    if status.success() {
        return Ok(());
    }
    let words: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Err(Stopped::Failed(if words.is_empty() { format!("git ended with {status}") } else { words.join("; ") }))
}

/// What git says, until it has nothing more to say.
fn listen(child: &mut std::process::Child, until: Instant, interrupt: &mut dyn Interrupt) -> Result<String, Stopped> {
    let Some(mut stderr) = child.stderr.take() else { return Ok(String::new()) };
    let mut words = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Stopped::Failed("git took too long".to_owned()));
        }
        let left = interrupt.left().map_or(left, |sooner| sooner.min(left));
        let mut fds = vec![PollFd::from_borrowed_fd(stderr.as_fd(), PollFlags::IN)];
        fds.extend(interrupt.watched().into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let timeout = Timespec { tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX), tv_nsec: 1_000_000 };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(Stopped::Failed(format!("git cannot be waited for: {errno}"))),
        }
        let speaks = fds.first().is_some_and(|fd| !fd.revents().is_empty());
        drop(fds);
        if interrupt.interrupted() {
            return Err(Stopped::Asked);
        }
        if speaks {
            match stderr.read(&mut buffer) {
                Ok(0) | Err(_) => return Ok(String::from_utf8_lossy(&words).into_owned()),
                Ok(read) => words.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            }
            let excess = words.len().saturating_sub(MAX_WORDS);
            words.drain(..excess);
        }
    }
}
