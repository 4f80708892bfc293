//! A home of its own for every test, and the real `machine` in it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The longest that anything here may take. A test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// What would let a test at somebody's own account: `gc` sweeps every one that the environment opens.
const CREDENTIALS: [&str; 5] =
    ["FLY_API_TOKEN", "FLY_ACCESS_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "VULTR_API_KEY"];

/// A state directory and a home directory that nobody else has. Dropping it asserts that nothing is left running.
pub(crate) struct Home {
    dir: TempDir,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    /// As a shell has it in `$?`.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("UTF-8 on standard output")
    }

    /// Asserts the exit code, with everything that was said where it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {:?}\nstderr: {}", String::from_utf8_lossy(&self.stdout), self.stderr);
        self
    }
}

impl Home {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("machine-e2e-").tempdir().unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// `machine` with these arguments, in this home, with no input.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(program());
        command
            .args(args)
            .env("HOME", self.path().join("home"))
            .env("MACHINE_STATE_DIR", self.state())
            .env_remove("MACHINE_CONFIG")
            .env_remove("MACHINE_PROVIDER")
            .env_remove("MACHINE_LOG")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_STATE_HOME")
            .env_remove("MACHINE_GC_SCHEDULED")
            .current_dir(self.path())
            .stdin(Stdio::null());
        for name in CREDENTIALS {
            command.env_remove(name);
        }
        command
    }

    /// Runs `machine` with these arguments to its end.
    #[track_caller]
    pub(crate) fn machine<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Said {
        finish(self.command(args), b"")
    }

    /// Runs `machine` with these arguments and this input to its end.
    #[track_caller]
    pub(crate) fn machine_with_input<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, input: &[u8]) -> Said {
        let mut command = self.command(args);
        command.stdin(Stdio::piped());
        finish(command, input)
    }

    /// Names of all machines.
    pub(crate) fn names(&self) -> Vec<String> {
        let said = self.machine(["list", "-o", "text"]).expect(0);
        said.out().lines().map(|line| line.split(" (").next().unwrap().to_owned()).collect()
    }

    /// Asserts that no machine, no process and no directory of one is left.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.names(), Vec::<String>::new());
        eventually("every process to be gone", || self.processes().is_empty());
        for kept in ["machines", "names", "trash"] {
            let left: Vec<_> = fs::read_dir(self.state().join("local").join(kept))
                .map(|entries| entries.map(|entry| entry.unwrap().file_name()).collect())
                .unwrap_or_default();
            assert!(left.is_empty(), "{kept}/ still has {left:?}");
        }
    }

    /// Every process that has anything of this home: as its directory, in its arguments or environment, mounted or open.
    pub(crate) fn processes(&self) -> Vec<String> {
        let needle = self.path().file_name().unwrap().to_str().unwrap();
        let us = std::process::id().to_string();
        let mut found = Vec::new();
        for process in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
            let pid = process.file_name().to_string_lossy().into_owned();
            if pid == us || !pid.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let dir = process.path();
            let links = ["cwd", "root", "exe"].map(|link| fs::read_link(dir.join(link)).unwrap_or_default());
            let open = fs::read_dir(dir.join("fd")).into_iter().flatten().filter_map(Result::ok);
            let open = open.filter_map(|entry| fs::read_link(entry.path()).ok());
            let texts = ["cmdline", "environ", "mountinfo"].map(|file| fs::read(dir.join(file)).unwrap_or_default());
            let named = links.into_iter().chain(open).any(|path| path.to_string_lossy().contains(needle))
                || texts.iter().any(|text| String::from_utf8_lossy(text).contains(needle));
            if named {
                let line =
                    String::from_utf8_lossy(&fs::read(dir.join("cmdline")).unwrap_or_default()).replace('\0', " ");
                found.push(format!("{pid}: {line}"));
            }
        }
        found
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whatever the test left is ended, so that it cannot disturb the others; the failure is reported already.
            let ids = self.machine(["list", "-o", "ids"]).out();
            let destroy = ["destroy", "--yes"].into_iter().map(str::to_owned).chain(ids.lines().map(str::to_owned));
            if !ids.is_empty() {
                drop(self.machine(destroy));
            }
            return;
        }
        eventually("every process to be gone", || self.processes().is_empty());
    }
}

/// The `machine` under test: the one that cargo built, or a copy of it that another user can read.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("MACHINE_TEST_BIN").map_or_else(|| env!("CARGO_BIN_EXE_machine").into(), PathBuf::from)
}

/// Runs a command to its end, feeding it `input` where it has a pipe for that.
#[track_caller]
pub(crate) fn finish(mut command: Command, input: &[u8]) -> Said {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        // A command that does not read its input may end before all of it is written.
        std::thread::spawn(move || drop(stdin.write_all(&input)));
    }
    end_of(child)
}

/// Waits for the end of a child whose output is piped.
#[track_caller]
pub(crate) fn end_of(mut child: Child) -> Said {
    fn drain(pipe: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                pipe.read_to_end(&mut bytes).unwrap();
            }
            bytes
        })
    }
    let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
            panic!(
                "it did not end within {PATIENCE:?}\nstdout: {}\nstderr: {}",
                String::from_utf8_lossy(&stdout),
                String::from_utf8_lossy(&stderr)
            );
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap();
    let stderr = String::from_utf8_lossy(&stderr.join().unwrap()).into_owned();
    Said { code, stdout: stdout.join().unwrap(), stderr }
}

/// Waits until `holds`.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Sends a signal to a child.
pub(crate) fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Reads lines from a child's output until one holds `text`.
#[track_caller]
pub(crate) fn read_until(reader: &mut impl std::io::BufRead, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the output ended without {text:?}: {seen:?}");
        seen.push_str(&line);
    }
    seen
}
