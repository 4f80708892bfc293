//! The real command, in a process that may be killed.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use machine_simcloud::Handle;

/// Set where this program is to be the command.
pub(crate) const AS_COMMAND: &str = "MACHINE_TEST_AS_COMMAND";
/// How many times as fast as ours the clouds' time goes.
pub(crate) const SPEED: u32 = 100;
/// How long a command may take that is not killed by itself.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a command may go on that waits for something, before it is killed from outside.
const WAITING: Duration = Duration::from_secs(10);

/// Where a command is killed, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kill {
    /// At a place of its own: around a write of its ledger, or before or after an exchange with the cloud. It does that itself.
    Place(u32),
    /// Between the effect of a request that changes something and its answer. Looks have no effect, so that for them this is the
    /// place before them once more.
    Answer(u32),
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Whether it was killed at the place that was named.
    pub(crate) killed: bool,
    pub(crate) said: String,
    pub(crate) pid: u32,
}

/// A command that is about to be started.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) variables: &'a [(String, String)],
    pub(crate) home: &'a Path,
    pub(crate) state: &'a Path,
    pub(crate) args: Vec<&'a str>,
    /// Where it is killed.
    pub(crate) kill: Option<Kill>,
    /// The cloud, which may be holding back an answer.
    pub(crate) cloud: &'a Handle,
    /// How many seconds later it is for it than it is.
    pub(crate) later: Option<u32>,
}

/// The words that start this program.
pub(crate) fn myself() -> Vec<OsString> {
    vec![std::env::current_exe().unwrap().into()]
}

impl Call<'_> {
    /// The command, before it is started by the words `start`.
    pub(crate) fn command(&self, start: &[OsString]) -> Command {
        let mut command = Command::new(&start[0]);
        command
            .args(&start[1..])
            .env_clear()
            .env(AS_COMMAND, "1")
            .env("HOME", self.home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("MACHINE_STATE_DIR", self.state)
            .env("MACHINE_TEST_SPEED", SPEED.to_string())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            // Said, so that whoever runs it need not be able to read or write it in this home.
            .args(["--no-rate-limit", "--session-id", "matrix"])
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(Kill::Place(place)) = self.kill {
            command.env("MACHINE_TEST_KILL_AT", place.to_string());
        }
        if let Some(later) = self.later {
            command.env("MACHINE_TEST_LATER", later.to_string());
        }
        command
    }

    /// Runs it to its end, which may be that it is killed from outside because it waits for too long.
    pub(crate) fn run(&self, start: &[OsString]) -> Ended {
        let patience = if self.kill.is_some() { WAITING } else { PATIENCE };
        let mut child = self.command(start).spawn().expect("the command starts");
        let (out, err) = (reader(child.stdout.take().unwrap()), reader(child.stderr.take().unwrap()));
        let pid = child.id();
        let waited = wait(&mut child, patience, || matches!(self.kill, Some(Kill::Answer(_))) && self.cloud.held() > 0);
        if waited != Waited::Ended {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        let said = out.join().unwrap() + &err.join().unwrap();
        let killed = waited != Waited::TooLong && status.signal() == Some(9);
        Ended { code: status.code(), killed, said, pid }
    }
}

fn reader(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    let read = move || {
        let mut text = Vec::new();
        drop(from.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    };
    std::thread::Builder::new().name("reader".to_owned()).spawn(read).unwrap()
}

/// How the wait for a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    Ended,
    /// The moment has come to kill it.
    Ripe,
    TooLong,
}

/// Waits until it ends by itself, or is ripe, but not for longer than `patience`.
fn wait(child: &mut Child, patience: Duration, is_ripe: impl Fn() -> bool) -> Waited {
    let began = Instant::now();
    while began.elapsed() < patience {
        if child.try_wait().unwrap().is_some() {
            return Waited::Ended;
        }
        if is_ripe() {
            return Waited::Ripe;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Waited::TooLong
}

/// Waits until the reaper of a command that has died is done. Whether it is, in time.
pub(crate) fn reaper_is_done(of: u32, patience: Duration) -> bool {
    let (began, mut unseen) = (Instant::now(), 0);
    while began.elapsed() < patience {
        // It forks at its start, and who looks through all processes just then can miss both.
        unseen = if reaps(of) { 0 } else { unseen + 1 };
        if unseen == 3 {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

fn reaps(of: u32) -> bool {
    let of = of.to_string();
    let is_reaper = |line: &[u8]| {
        let words: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
        words.get(1).is_some_and(|word| word == b"__reaper") && words.get(3).is_some_and(|pid| *pid == of.as_bytes())
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok()).any(|line| is_reaper(&line))
}
