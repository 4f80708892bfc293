//! A guest as a real process, with its orders, its log and its socket.

#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests, of which every test file uses a part"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus as ProcessStatus, Stdio};
use std::time::{Duration, Instant};

use machine_guest::control::{Inbox, Message as _, ToClient, ToGuest};
use machine_guest::frame::{Decoded, Decoder, Final, JobKey, Kind};
use machine_guest::orders::{Orders, VERSION};
use tempfile::TempDir;

pub(crate) const KEY: [u8; 32] = [42; 32];

/// The orders for `sh -c script`.
pub(crate) fn shell(script: &str) -> Orders {
    orders(&["sh", "-c", script])
}

pub(crate) fn orders(command: &[&str]) -> Orders {
    Orders {
        version: VERSION,
        key: JobKey::new(KEY),
        command: command.iter().map(|&word| word.into()).collect(),
        env: Vec::new(),
        workdir: None,
        stdin: false,
        tty: None,
        timeout_ms: None,
        grace_ms: 500,
        deadline: None,
        root: false,
        repos: Vec::new(),
        baselines: Vec::new(),
        start_within_ms: None,
        client: false,
        linger_ms: None,
    }
}

/// A machine of sorts: the directories that a guest finds in one.
pub(crate) struct Machine {
    pub(crate) root: TempDir,
    pub(crate) isolated: bool,
}

impl Machine {
    /// With namespaces where this user may have them.
    pub(crate) fn new() -> Self {
        Self::with(true)
    }

    pub(crate) fn with(isolated: bool) -> Self {
        let root = tempfile::Builder::new().prefix("machine guest ").tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("run/machine")).unwrap();
        std::fs::create_dir_all(root.path().join("work")).unwrap();
        Self { root, isolated }
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// A guest command. An ordinary user gets the machine's user namespace from `unshare`, as init would give it.
    pub(crate) fn guest(&self, arguments: &[&str]) -> Command {
        let program = program();
        let root = is_root();
        let mut command = if self.isolated && !root {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command
            .arg("__guest")
            .args(arguments)
            .env("MACHINE_FILES", self.root.path())
            .env("MACHINE_WORK", self.work())
            .env("MACHINE_ISOLATION", if self.isolated { "namespaces" } else { "process" });
        command
    }

    pub(crate) fn start(&self, orders: &Orders) -> Guest {
        let path = self.root.path().join("run/machine/orders.json");
        std::fs::write(&path, serde_json::to_vec(orders).unwrap()).unwrap();
        let mut child =
            self.guest(&["job"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the guest starts");
        let log = BufReader::new(child.stdout.take().unwrap());
        Guest { child, log, decoder: Decoder::new(JobKey::new(KEY)) }
    }

    /// Runs a job to its end.
    pub(crate) fn run(&self, orders: &Orders) -> Told {
        self.start(orders).wait()
    }

    pub(crate) fn attach(&self) -> Client {
        let mut child =
            self.attach_command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("attach starts");
        let stdin = child.stdin.take().unwrap();
        Client { child, stdin, inbox: Inbox::default() }
    }

    fn attach_command(&self) -> Command {
        let mut command = Command::new(program());
        command.args(["__guest", "attach"]).env("MACHINE_FILES", self.root.path());
        command
    }
}

/// The guest's program: a copy where the build directory is closed to whoever tests.
fn program() -> PathBuf {
    std::env::var_os("MACHINE_TEST_GUEST").map_or_else(|| env!("CARGO_BIN_EXE_machine-guest").into(), PathBuf::from)
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) struct Guest {
    pub(crate) child: Child,
    log: BufReader<std::process::ChildStdout>,
    decoder: Decoder,
}

/// All that a guest told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Both in the order in which they were told.
    pub(crate) both: Vec<u8>,
    pub(crate) notes: Vec<String>,
    pub(crate) started: bool,
    pub(crate) last: Option<Final>,
    pub(crate) foreign: u64,
    pub(crate) lost: u64,
    pub(crate) frames: u64,
    pub(crate) process: Option<ProcessStatus>,
}

impl Told {
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn last(&self) -> &Final {
        self.last.as_ref().expect("a final frame")
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.process.and_then(|status| status.code())
    }
}

impl Guest {
    /// Reads the log until it has told something that `enough` wants, or has ended. False: it has ended.
    pub(crate) fn read_until(&mut self, told: &mut Told, enough: impl Fn(&Told) -> bool) -> bool {
        let mut line = Vec::new();
        while !enough(told) {
            line.clear();
            if self.log.read_until(b'\n', &mut line).unwrap() == 0 {
                return false;
            }
            match self.decoder.decode(line.strip_suffix(b"\n").unwrap_or(&line)) {
                Decoded::Foreign => told.foreign += 1,
                Decoded::Duplicate => {}
                Decoded::Frame { frame, lost } => {
                    told.lost += lost;
                    told.frames += 1;
                    if matches!(frame.kind, Kind::Stdout | Kind::Stderr) {
                        told.both.extend(&frame.payload);
                    }
                    match frame.kind {
                        Kind::Started => told.started = true,
                        Kind::Stdout => told.stdout.extend(frame.payload),
                        Kind::Stderr => told.stderr.extend(frame.payload),
                        Kind::Note => told.notes.push(String::from_utf8(frame.payload).unwrap()),
                        Kind::Final => told.last = Some(Final::from_bytes(&frame.payload)),
                    }
                }
            }
        }
        true
    }

    pub(crate) fn wait(mut self) -> Told {
        let mut told = Told::default();
        self.read_until(&mut told, |_| false);
        told.process = Some(self.child.wait().unwrap());
        told
    }
}

pub(crate) struct Client {
    pub(crate) child: Child,
    stdin: ChildStdin,
    inbox: Inbox,
}

impl Client {
    pub(crate) fn say(&mut self, message: &ToGuest) {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        self.stdin.write_all(&bytes).unwrap();
        self.stdin.flush().unwrap();
    }

    pub(crate) fn hello(&mut self, acknowledges: bool) {
        self.say(&ToGuest::Hello { token: JobKey::new(KEY).control_token(), acknowledges });
        assert_eq!(self.hear(), Some(ToClient::Ready));
    }

    /// The next message; nothing when the guest hung up.
    pub(crate) fn hear(&mut self) -> Option<ToClient> {
        let mut buffer = [0; 4096];
        loop {
            if let Some(message) = self.inbox.take().unwrap() {
                return Some(message);
            }
            match self.child.stdout.as_mut().unwrap().read(&mut buffer).unwrap() {
                0 => return None,
                read => self.inbox.push(&buffer[..read]),
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `true`, for at most five seconds.
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
