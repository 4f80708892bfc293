//! `examples/web-button.rs` does what it says: the page, the output as it comes, and no machine that outlives its reader.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test program")]
#![allow(clippy::disallowed_methods, reason = "a test waits, and starts the program that it tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The example, until this is dropped.
struct Button {
    child: Child,
    address: String,
    state: tempfile::TempDir,
}

/// Where cargo puts the example.
fn built() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples/web-button");
    if !program.exists() {
        // Whoever asks for this test alone has not had the examples built.
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "machine-agent", "--example", "web-button"]);
        assert!(build.status().unwrap().success());
    }
    program
}

impl Button {
    fn start() -> Self {
        let program = std::env::var_os("MACHINE_TEST_WEB_BUTTON").map_or_else(built, PathBuf::from);
        let state = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.arg("127.0.0.1:0").env("MACHINE_STATE_DIR", state.path()).env("HOME", state.path());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_owned();
        Self { child, address, state }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all((head + body).as_bytes()).unwrap();
        stream
    }

    fn text(&self, method: &str, path: &str, body: &str) -> String {
        let mut text = String::new();
        self.ask(method, path, body).read_to_string(&mut text).unwrap();
        text
    }

    /// The machines that there are, by their directories.
    fn machines(&self) -> usize {
        std::fs::read_dir(self.state.path().join("local/machines")).map_or(0, Iterator::count)
    }

    fn is_rid_of_its_machines(&self) {
        let until = Instant::now() + Duration::from_secs(30);
        while self.machines() > 0 {
            assert!(Instant::now() < until, "a machine is left");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Button {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_click_runs_a_script_on_a_machine_of_its_own() {
    let button = Button::start();
    assert!(button.text("GET", "/", "").contains("<button"));
    let said = button.text("POST", "/run", "echo hello; echo trouble >&2; exit 3");
    for part in ["hello\n", "trouble\n", "[the job exited with 3]\n"] {
        assert!(said.contains(part), "{said}");
    }
    button.is_rid_of_its_machines();
    // Somebody reads the first line, and goes.
    let mut stream = BufReader::new(button.ask("POST", "/run", "echo begun; sleep 60"));
    let mut line = String::new();
    while !line.contains("begun") {
        assert!(stream.read_line(&mut line).unwrap() > 0, "{line}");
    }
    assert_eq!(button.machines(), 1);
    drop(stream);
    button.is_rid_of_its_machines();
}
