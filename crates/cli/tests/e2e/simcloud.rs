//! `machine simcloud` in one terminal, and `machine` against it in another.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Home, PATIENCE, finish};

/// A simulated cloud, until this is dropped.
pub(crate) struct Playing {
    child: Child,
    cloud: &'static str,
    pub(crate) variables: Vec<(String, String)>,
}

impl Playing {
    pub(crate) fn begin(home: &Home, cloud: &'static str, more: &[&str]) -> Self {
        let option = format!("--{cloud}");
        let speed: &[&str] = if more.contains(&"--speed") { &[] } else { &["--speed", "20"] };
        let mut command = home.command(["simcloud", &option, "0", "--no-rate-limit"].iter().chain(speed));
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let variable = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        };
        // The port of its ssh is one of them where it is not the usual one.
        let count = match cloud {
            "fly" => 3,
            "digitalocean" => 3 + usize::from(machine_simcloud::ssh_port() != 22),
            _ => 2 + usize::from(machine_simcloud::ssh_port() != 22),
        };
        let variables = lines.take(count).map(variable).collect();
        Self { child, cloud, variables }
    }

    /// `machine` with those variables.
    pub(crate) fn command(&self, home: &Home, args: &[&str]) -> Command {
        let mut command: Command = home.command(["--no-rate-limit"].iter().chain(args).copied());
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).env("MACHINE_PROVIDER", self.cloud);
        command
    }

    /// The value of one of those variables.
    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(variable, _)| variable == name);
        found.map_or_else(|| panic!("{name}: {:?}", self.variables), |(_, value)| value.as_str())
    }

    /// `machine` with those variables; what it wrote and how it ended.
    fn machine(&self, home: &Home, args: &[&str]) -> (i32, String) {
        let output = self.command(home, args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code().is_some(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), text + &String::from_utf8_lossy(&output.stderr))
    }

    /// Ends it as Ctrl-C does, and it ends well.
    pub(crate) fn end(mut self) {
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
    let fly = Playing::begin(&home, "fly", &[]);
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
    let fly = Playing::begin(&home, "fly", &["--no-machines"]);
    assert_eq!(fly.machine(&home, &["create", "one"]).0, 0);
    let (code, text) = fly.machine(&home, &["exec", "one", "--", "true"]);
    assert!(code != 0 && text.contains("exec is not supported on this machine"), "{code}: {text}");
    fly.end();
}

#[test]
fn jobs_and_files_go_to_a_simulated_fly() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
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

/// The files of that name below a directory.
fn named(dir: &std::path::Path, name: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(named(&entry.path(), name));
        } else if entry.file_name() == name {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn the_machines_of_the_other_clouds_are_reached_by_ssh() {
    for cloud in ["digitalocean", "vultr"] {
        let home = Home::new();
        let playing = Playing::begin(&home, cloud, &[]);
        let run = |args: &[&str]| playing.machine(&home, args);
        let user_data = "#cloud-config\nruncmd:\n  - echo from the user\n";
        std::fs::write(home.path().join("user-data"), user_data).unwrap();
        let (code, text) = run(&["create", "one", "--user-data", "user-data"]);
        assert_eq!(code, 0, "{text}");
        let state = home.state().join(cloud);
        let pinned = || std::fs::read_to_string(&named(&state, "host_keys")[0]).unwrap();
        let (first, login) = (pinned(), named(&state, "login"));
        assert_eq!((first.lines().count(), named(&state, "birth").len(), login.len()), (1, 1, 1));

        let (code, text) = run(&["exec", "one", "--", "sh", "-c", "cat /etc/ssh/ssh_host_ed25519_key.pub; exit 7"]);
        assert!(code == 7 && text.starts_with("ssh-ed25519 "), "{code}: {text}");
        // The key that every process inside can read is not the machine's any more.
        let second = pinned();
        assert_eq!((second.trim(), named(&state, "birth").len()), (text.trim(), 0));
        assert_ne!(second, first);

        let (code, text) = run(&["logs", "one"]);
        assert!(code == 0 && text.contains("from the user\n"), "{text}");
        std::fs::write(home.path().join("here"), b"\x00\xff bytes").unwrap();
        assert_eq!(run(&["cp", "here", "one:/tmp/there"]).0, 0);
        assert_eq!(run(&["cp", "one:/tmp/there", "back"]).0, 0);
        assert_eq!(std::fs::read(home.path().join("back")).unwrap(), b"\x00\xff bytes");
        assert_eq!(run(&["ssh", "one", "echo $((6 * 7)); exit 3"]), (3, "42\n".to_owned()));
        assert_eq!(run(&["run", "--", "sh", "-c", "echo out; exit 4"]), (4, "out\n".to_owned()));

        // Whoever has another key is not believed, and is told nothing.
        std::fs::write(&named(&state, "host_keys")[0], first).unwrap();
        let (code, text) = run(&["exec", "one", "--", "true"]);
        assert!(code == 125 && text.contains("does not prove to be the machine") && text.contains("hint:"), "{text}");
        assert_eq!(run(&["destroy", "--yes", "one"]).0, 0);
        assert_eq!(named(&state, "login"), Vec::<std::path::PathBuf>::new());
        playing.end();
    }
}
