//! A simulated cloud in a process of its own, and `machine` against it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Home, PATIENCE};

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
        // The port of its machines' ssh is one of them where there are machines and it is not the usual one.
        let ssh = machine_simcloud::ssh_port() != 22 && !more.contains(&"--no-machines");
        let count = match cloud {
            "fly" => 3,
            "digitalocean" => 3 + usize::from(ssh),
            _ => 2 + usize::from(ssh),
        };
        let variables = lines.take(count).map(variable).collect();
        Self { child, cloud, variables }
    }

    /// `machine` with those variables, about to be started.
    pub(crate) fn command(&self, home: &Home, args: &[&str]) -> Command {
        let mut command: Command = home.command(["--no-rate-limit"].iter().chain(args).copied());
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).env("MACHINE_PROVIDER", self.cloud);
        command
    }

    /// `machine` with those variables; what it wrote and how it ended.
    pub(crate) fn machine(&self, home: &Home, args: &[&str]) -> (i32, String) {
        self.machine_with(home, &[], args)
    }

    /// The same with more variables, or others.
    pub(crate) fn machine_with(&self, home: &Home, more: &[(&str, &str)], args: &[&str]) -> (i32, String) {
        let (code, out, err) = self.apart(home, more, args);
        (code, out + &err)
    }

    /// The same with what it wrote on its two streams apart.
    pub(crate) fn apart(&self, home: &Home, more: &[(&str, &str)], args: &[&str]) -> (i32, String, String) {
        let mut command = self.command(home, args);
        let output = command.envs(more.iter().copied()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.code().is_some(), "{args:?}: {}", text(&output.stderr));
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// The value of a variable that it told.
    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.variables.iter().find(|(known, _)| known == name).unwrap().1
    }

    /// `machine` with those variables; what it wrote to standard output, which is JSON.
    #[track_caller]
    pub(crate) fn json(&self, home: &Home, args: &[&str]) -> serde_json::Value {
        let output = self.command(home, args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {said}"))
    }

    /// What the simulation tells of itself there.
    pub(crate) fn told(&self, path: &str) -> String {
        let answer = self.ask("GET", path, "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        answer
    }

    /// What the cloud's own API answers to a request, made by other means than ours.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let (url, token) = match self.cloud {
            "fly" => ("FLY_FLAPS_BASE_URL", "FLY_API_TOKEN"),
            "digitalocean" => ("DIGITALOCEAN_API_URL", "DIGITALOCEAN_ACCESS_TOKEN"),
            "vultr" => ("VULTR_API_URL", "VULTR_API_KEY"),
            other => panic!("nobody asks {other} here"),
        };
        let host = self.variable(url).strip_prefix("http://").unwrap().split('/').next().unwrap();
        let (token, length) = (self.variable(token), body.len());
        let mut connection = TcpStream::connect(host).unwrap();
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Puts a DNS zone into the account.
    pub(crate) fn zone(&self, name: &str) {
        let key = if self.cloud == "vultr" { "domain" } else { "name" };
        let answer = self.ask("POST", "/v2/domains", &format!(r#"{{"{key}":"{name}"}}"#));
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
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
