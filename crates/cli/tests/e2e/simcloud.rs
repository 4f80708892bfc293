//! `machine simcloud` in one terminal, and `machine` against it in another.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{Home, PATIENCE};

/// A simulated Fly, until this is dropped.
struct Playing {
    child: Child,
    variables: Vec<(String, String)>,
}

impl Playing {
    fn begin(home: &Home, more: &[&str]) -> Self {
        let mut command = home.command(["simcloud", "--fly", "0", "--speed", "20", "--no-rate-limits"]);
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(3);
        let variable = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        Self { variables: lines.map(variable).collect(), child }
    }

    /// `machine` with those variables; what it wrote and how it ended.
    fn machine(&self, home: &Home, args: &[&str]) -> (i32, String) {
        let mut command: Command = home.command(args);
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).env("MACHINE_PROVIDER", "fly");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code().is_some(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), text + &String::from_utf8_lossy(&output.stderr))
    }

    /// Ends it as Ctrl-C does.
    fn end(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let until = std::time::Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(std::time::Instant::now() < until, "it does not end");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn the_machines_of_a_simulated_fly_do_what_machines_do() {
    let home = Home::new();
    let fly = Playing::begin(&home, &[]);
    let run = |args: &[&str]| fly.machine(&home, args);
    let script = "echo hello from $FLY_REGION; exec sleep 1000";
    assert_eq!(run(&["create", "one", "--", "sh", "-c", script]).0, 0);
    let (code, text) = run(&["exec", "one", "--", "sh", "-c", "uname; exit 7"]);
    assert_eq!((code, text.as_str()), (7, "Linux\n"));
    assert_eq!(run(&["logs", "one"]).1, "hello from iad\n");
    assert_eq!(run(&["stop", "one"]).0, 0);
    assert!(run(&["status", "one"]).1.contains("stopped"));
    assert_eq!(run(&["start", "one"]).0, 0);
    assert!(run(&["list"]).1.contains("running"));
    assert_eq!(run(&["destroy", "one"]).0, 0);
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
