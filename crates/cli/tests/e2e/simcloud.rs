//! `machine simcloud` in one terminal, and `machine` against it in another.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Home, PATIENCE, finish};

/// A simulated Fly, until this is dropped.
struct Playing {
    child: Child,
    variables: Vec<(String, String)>,
}

impl Playing {
    fn begin(home: &Home, more: &[&str]) -> Self {
        let mut command = home.command(["simcloud", "--fly", "0", "--speed", "20", "--no-rate-limit"]);
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(3);
        let variable = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        let variables: Vec<_> = lines.map(variable).collect();
        assert_eq!(variables.len(), 3, "{variables:?}");
        Self { child, variables }
    }

    /// `machine` with those variables; what it wrote and how it ended.
    fn machine(&self, home: &Home, args: &[&str]) -> (i32, String) {
        let mut command: Command = home.command(["--no-rate-limit"].iter().chain(args).copied());
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).env("MACHINE_PROVIDER", "fly");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code().is_some(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), text + &String::from_utf8_lossy(&output.stderr))
    }

    /// Ends it as Ctrl-C does, and it ends well.
    fn end(mut self) {
        assert!(self.interrupt().is_some_and(|status| status.success()), "it does not end well");
    }

    /// How it ends when it is interrupted; nothing where it does not.
    fn interrupt(&mut self) -> Option<std::process::ExitStatus> {
        let until = Instant::now() + PATIENCE;
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().ok()?;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().ok()? {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Playing {
    /// By a signal that lets it end its machines; after `end` there is nothing left to do.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.interrupt().is_none() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

#[test]
fn the_machines_of_a_simulated_fly_do_what_machines_do() {
    let home = Home::new();
    let fly = Playing::begin(&home, &[]);
    let run = |args: &[&str]| fly.machine(&home, args);
    let script = "echo hello from $FLY_REGION; exec sleep 1000";
    let (code, text) = run(&["create", "one", "--", "sh", "-c", script]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(&["exec", "one", "--", "sh", "-c", "uname; exit 7"]);
    assert_eq!((code, text.as_str()), (7, "Linux\n"));
    assert_eq!(run(&["logs", "one"]).1, "hello from iad\n");
    assert_eq!(run(&["stop", "one"]).0, 0);
    assert!(run(&["status", "one"]).1.contains("stopped"));
    assert_eq!(run(&["start", "one"]).0, 0);
    assert!(run(&["list"]).1.contains("running"));
    assert_eq!(run(&["destroy", "--yes", "one"]).0, 0);
    assert_eq!(run(&["list"]).1, "");
    fly.end();
}

#[test]
fn without_machines_there_are_records_only() {
    let home = Home::new();
    let fly = Playing::begin(&home, &["--no-machines"]);
    assert_eq!(fly.machine(&home, &["create", "one"]).0, 0);
    let (code, text) = fly.machine(&home, &["exec", "one", "--", "true"]);
    assert!(code != 0 && text.contains("exec is not supported on this machine"), "{code}: {text}");
    fly.end();
}

#[test]
fn jobs_and_files_go_to_a_simulated_fly() {
    let home = Home::new();
    let fly = Playing::begin(&home, &[]);
    let run = |args: &[&str]| fly.machine(&home, args);
    assert_eq!(run(&["run", "--", "sh", "-c", "echo out; exit 3"]), (3, "out\n".to_owned()));
    assert_eq!(run(&["run", "--", "sh", "-c", "kill -9 $$"]).0, 137);
    let (code, text) = run(&["run", "--ttl", "2s", "--", "sleep", "1000"]);
    assert!(code == 124 && text.contains("time limit"), "{code}: {text}");
    let (code, text) = run(&["run", "--sync", ".", "--", "true"]);
    assert!(code == 125 && text.contains("machine cp"), "{code}: {text}");
    assert_eq!(run(&["create", "one"]).0, 0);
    std::fs::write(home.path().join("here"), b"\x00\xff bytes").unwrap();
    assert_eq!(run(&["cp", "here", "one:/tmp/there"]).0, 0);
    assert_eq!(run(&["cp", "one:/tmp/there", "back"]).0, 0);
    assert_eq!(std::fs::read(home.path().join("back")).unwrap(), b"\x00\xff bytes");
    let piped = |args: &[&str]| {
        let mut command = home.command(args);
        command.envs(fly.variables.iter().map(|(name, value)| (name, value))).env("MACHINE_PROVIDER", "fly");
        command.stdin(Stdio::piped());
        finish(command, b"text\n")
    };
    assert_eq!(piped(&["exec", "one", "--", "cat"]).expect(0).out(), "text\n");
    let said = piped(&["run", "--", "true"]).expect(0).stderr;
    assert!(said.contains("what is piped in is not read"), "{said}");
    assert_eq!(run(&["destroy", "--yes", "one"]).0, 0);
    assert_eq!(run(&["list"]).1, "");
    fly.end();
}
