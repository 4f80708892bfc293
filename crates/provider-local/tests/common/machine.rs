//! Machines made by the test itself, by the formats of the state directory.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use machine_sys::Process;
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::until;

/// A machine's directory, and what is to be started in it.
pub(crate) struct Machine {
    pub(crate) temp: TempDir,
    pub(crate) dir: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) order: Value,
}

impl Machine {
    /// One whose command is this.
    pub(crate) fn new(command: &[&str]) -> Self {
        Self::with(json!(command))
    }

    /// One whose command is this shell script.
    pub(crate) fn sh(script: &str) -> Self {
        Self::new(&["sh", "-c", script])
    }

    /// One whose command is this JSON value.
    pub(crate) fn with(command: Value) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path().join("home of the user");
        let dir = temp.path().join("m-1");
        for directory in [&home, &dir, &dir.join("log"), &dir.join("rw")] {
            fs::create_dir(directory).unwrap();
        }
        let id = format!(
            "m-test-{}",
            temp.path().file_name().unwrap().to_string_lossy().trim_start_matches('.').to_lowercase()
        );
        let order = json!({
            "generation": 1,
            "spec": {
                "schema": 1, "id": id, "name": "testling",
                "intent": {
                    "id": "01JD5ZJ2N3QK5M7T9V1X3Z5B7D", "owner": "o", "resource": "machine", "name": "testling",
                    "provider": "local", "lifetime": "deadline", "deadline": null, "minted_at": "2026-11-20T19:46:00Z"
                },
                "created_at": "2026-11-20T19:46:00Z",
                "command": command,
                "env": [{"name": "PATH", "value": std::env::var("PATH").unwrap()}],
                "workdir": null, "labels": {}, "network": "default", "ports": [], "volumes": [], "mounts": [],
                "toolchains": [], "home": home,
                "limits": {"cpus": null, "memory_mib": null, "pids": null},
                "isolation": "auto", "files": 0
            },
            "volumes": [], "files": [],
            "helper": std::env::current_exe().unwrap()
        });
        Self { temp, dir, home, order }
    }

    /// The specification, to be changed.
    pub(crate) fn spec(&mut self) -> &mut Value {
        &mut self.order["spec"]
    }

    pub(crate) fn id(&self) -> &str {
        self.order["spec"]["id"].as_str().unwrap()
    }

    /// Starts the shim and returns it, told nothing yet.
    pub(crate) fn shim(&self) -> std::process::Child {
        let log = File::options().append(true).create(true).open(self.dir.join("shim.log")).unwrap();
        Command::new(std::env::current_exe().unwrap())
            .args(["__shim", self.id()])
            .current_dir(&self.dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    /// Starts it and returns what the shim answers.
    pub(crate) fn start(&self) -> Value {
        let mut shim = self.shim();
        let mut stdin = shim.stdin.take().unwrap();
        stdin.write_all(self.order.to_string().as_bytes()).unwrap();
        drop(stdin);
        let mut answer = String::new();
        shim.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
        shim.wait().unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer:?}; {}", self.shim_log()))
    }

    /// Starts it; it must run.
    pub(crate) fn run(&self) -> &Self {
        assert_eq!(self.start(), json!("running"), "{}", self.shim_log());
        self
    }

    /// Starts it; it must fail. Returns why.
    pub(crate) fn refused(&self) -> Value {
        let mut answer = self.start();
        assert!(answer["failed"].is_object(), "{answer}");
        assert!(!self.is_alive());
        answer["failed"].take()
    }

    pub(crate) fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&fs::read(self.dir.join(file)).unwrap()).unwrap()
    }

    pub(crate) fn state(&self) -> Value {
        self.json("state.json")
    }

    pub(crate) fn notes(&self) -> String {
        self.state()["notes"].to_string()
    }

    pub(crate) fn shim_log(&self) -> String {
        fs::read_to_string(self.dir.join("shim.log")).unwrap_or_default()
    }

    /// Whether the shim or pid 1 is alive.
    pub(crate) fn is_alive(&self) -> bool {
        let lock = File::open(self.dir.join("shim.lock")).unwrap();
        flock(&lock, FlockOperation::NonBlockingLockShared).is_err()
    }

    /// Waits until it has ended, and returns how.
    pub(crate) fn wait(&self) -> Value {
        until("the machine has ended", || !self.is_alive());
        self.json("exit.json")
    }

    /// One of the processes that `state.json` names.
    pub(crate) fn process(&self, which: &str) -> Process {
        let record = &self.state()[which];
        let pid = i32::try_from(record["pid"].as_i64().unwrap()).unwrap();
        Process::open(pid, record["start"].as_u64().unwrap()).unwrap().unwrap()
    }

    /// All stored output, head and all.
    pub(crate) fn raw_log(&self) -> Vec<u8> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.dir.join("log")).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files.iter().flat_map(|file| fs::read(file).unwrap()).collect()
    }

    /// The stored pieces of one stream (`b'o'`, `b'e'`, `b's'`): whether it is partial, and its bytes.
    pub(crate) fn pieces(&self, stream: u8) -> Vec<(bool, Vec<u8>)> {
        let log = self.raw_log();
        let mut pieces = Vec::new();
        for line in log.split_inclusive(|&byte| byte == b'\n') {
            let (head, text) = line.split_at(31);
            assert!(head.starts_with(b"20") && &head[26..28] == b"Z ", "{:?}", String::from_utf8_lossy(head));
            if head[28] == stream {
                pieces.push((head[29] == b'P', text[..text.len() - 1].to_vec()));
            }
        }
        pieces
    }

    /// The bytes that were printed to one stream.
    pub(crate) fn output(&self, stream: u8) -> Vec<u8> {
        let mut output = Vec::new();
        for (partial, text) in self.pieces(stream) {
            output.extend(text);
            if !partial {
                output.push(b'\n');
            }
        }
        output
    }

    /// Standard output as text.
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.output(b'o')).unwrap()
    }

    /// Starts it, waits for its end and returns its standard output. It must exit with 0.
    pub(crate) fn finish(&self) -> String {
        let exit = self.run().wait();
        assert_eq!(exit["code"], 0, "{exit}; {} {}", self.stdout(), String::from_utf8_lossy(&self.output(b'e')));
        self.stdout()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A failed test must not leave a machine behind.
        if self.dir.join("state.json").exists() && self.is_alive() {
            let record = self.state();
            for which in ["init", "shim"] {
                let pid = i32::try_from(record[which]["pid"].as_i64().unwrap()).unwrap();
                if let Ok(Some(process)) = Process::open(pid, record[which]["start"].as_u64().unwrap()) {
                    let _ = process.signal(9);
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // What a shim that was killed has left in memory.
        let runtime = std::env::var("XDG_RUNTIME_DIR").unwrap_or_default();
        for place in ["/dev/shm", &runtime] {
            let _ = fs::remove_dir_all(Path::new(place).join(format!("machine-{}", self.id())));
        }
        // The kernel's own directory in an overlay's may not even be looked into.
        for work in (0..4).map(|number| self.dir.join(format!("rw/overlay/{number}/work/work"))) {
            use std::os::unix::fs::PermissionsExt as _;
            let _ = fs::set_permissions(work, fs::Permissions::from_mode(0o700));
        }
    }
}

/// Every process of the computer whose command line holds `text`.
pub(crate) fn processes_with(text: &str) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let is_dead = machine_sys::process_start(pid).is_none();
        if !is_dead && String::from_utf8_lossy(&line).contains(text) {
            found.push(pid);
        }
    }
    found
}

/// Every regular file below `directory`.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(files_below(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}
