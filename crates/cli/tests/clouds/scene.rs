//! The stage of every row: a simulated cloud, and a home from which it is asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::rows::{FLY, Fault, ROW, Row, VULTR};

/// The longest that a command may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A simulated cloud with two machines and two volumes, one of them attached, and a home for `machine`.
pub(crate) struct Scene {
    cloud: &'static str,
    clouds: Child,
    address: String,
    variables: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new(cloud: &'static str) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("short.txt", "#cloud-config\n".to_owned()),
            ("long.txt", format!("#cloud-config\n{}", "x".repeat(70_000))),
            (
                "odd.txt",
                "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\n#!/bin/sh\necho żółw\n--b--\n".to_owned(),
            ),
        ] {
            std::fs::write(home.path().join(file), text).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_machine"));
        // Nothing is done in the machines, which are their records for that.
        command.args(["simcloud", "--speed", "120", "--no-rate-limit", "--no-machines", &format!("--{cloud}"), "0"]);
        command.env("HOME", home.path()).env("MACHINE_STATE_DIR", home.path().join("clouds"));
        let mut clouds = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (mut variables, mut address) = (Vec::new(), String::new());
        for line in BufReader::new(clouds.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").and_then(|rest| rest.split_once('=')).unwrap();
            if let Some(url) = value.strip_prefix("http://") {
                url.split('/').next().unwrap().clone_into(&mut address);
            }
            variables.push((name.to_owned(), value.to_owned()));
            if matches!(name, "FLY_API_BASE_URL" | "DIGITALOCEAN_END_POINT" | "VULTR_API_URL") {
                break;
            }
        }
        let scene = Self { cloud, clouds, address, variables, home };
        for args in [
            &["volumes", "create", "data-1", "--size", "40g"][..],
            &["volumes", "create", "held", "--size", "40g"],
            &["create", "holder", "--volume", "held:/data"],
            &["create", "other"],
        ] {
            let (code, _, err) = scene.machine(&ROW, args);
            assert_eq!(code, 0, "{args:?}: {err}");
        }
        scene
    }

    /// Also knows the cloud of that one.
    pub(crate) fn beside(&mut self, other: &Self) {
        self.variables.extend(other.variables.iter().cloned());
    }

    /// Where the command is run.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.home.path()
    }

    /// `machine` with these arguments, to be run here.
    pub(crate) fn command(&self, row: &Row, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_machine"));
        command.arg("--no-rate-limit").args(args).env_clear().env("MACHINE_PROVIDER", self.cloud);
        command.env("HOME", self.home.path()).env("MACHINE_STATE_DIR", self.home.path().join("state"));
        command.env("PATH", "/usr/bin:/bin").envs(self.variables.iter().cloned());
        if self.cloud == FLY {
            command.env("MACHINE_CONFIG", self.home.path().join("config.yml"));
            std::fs::write(self.home.path().join("config.yml"), "fly:\n  region: iad\n").unwrap();
        }
        for name in ["FLY_API_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "VULTR_API_KEY"] {
            command.env(name, row.token);
        }
        if row.fault == Fault::Closed {
            for name in ["FLY_FLAPS_BASE_URL", "FLY_API_BASE_URL", "DIGITALOCEAN_API_URL", "VULTR_API_URL"] {
                command.env(name, "http://127.0.0.1:1");
            }
        }
        command.current_dir(self.home.path()).stdin(Stdio::null());
        command
    }

    /// `machine` with these arguments: its code, output and words.
    pub(crate) fn machine(&self, row: &Row, args: &[&str]) -> (i32, String, String) {
        let mut command = self.command(row, args);
        // A pipe that nobody empties meanwhile would hold up a long list.
        let written = self.home.path().join("written");
        let file = std::fs::File::create(&written).unwrap();
        command.stdout(file).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if began.elapsed() > PATIENCE {
                drop(child.kill());
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap_or(-1), std::fs::read_to_string(written).unwrap(), text(output.stderr))
    }

    /// What is not as it must be.
    pub(crate) fn wrong(&self, row: &Row) -> Option<String> {
        let what = match row.fault {
            Fault::Html => Some(json!("garbage")),
            Fault::Elsewhere => Some(
                json!({"status": {"code": 302, "headers": {"location": "https://elsewhere.example/"}, "body": "gone"}}),
            ),
            Fault::Nothing | Fault::Closed => None,
        };
        if let Some(what) = what {
            self.ask(
                "POST",
                "/_sim/faults",
                &json!([{"operation": "*", "when": "before", "what": what, "times": 1000}]),
            );
        }
        let before = self.there();
        let (code, out, err) = self.machine(row, row.args);
        self.ask("DELETE", "/_sim/faults", &Value::Null);
        let mut wrong = Vec::new();
        let errors: Vec<_> = err.lines().filter(|line| line.starts_with("error: ")).collect();
        let hints: Vec<_> = err.lines().filter(|line| line.starts_with("hint: ")).collect();
        if code != row.code {
            wrong.push(format!("the exit code is {code} and not {}", row.code));
        }
        if !out.is_empty() {
            wrong.push(format!("it says {out:?} on standard output"));
        }
        if !matches!(errors.as_slice(), [one] if one.contains(row.says)) {
            wrong.push(format!("it does not say {:?} in one sentence", row.says));
        }
        match row.hint {
            Some(hint) if !matches!(hints.as_slice(), [one] if one.contains(hint)) => {
                wrong.push(format!("no hint {hint:?}"));
            }
            _ => {}
        }
        // Vultr's answers carry no id. What the cloud itself refused is told with the one that the others carry.
        let answered = err.contains("  status: ") && row.fault == Fault::Nothing;
        if answered && self.cloud != VULTR && !err.contains("  request id: ") {
            wrong.push("the request's id is missing".to_owned());
        }
        if err.contains(row.token) {
            wrong.push("the token is shown".to_owned());
        }
        let after = self.there();
        if before != after {
            wrong.push(format!("something is left: {before} became {after}"));
        }
        let args = row.args.join(" ");
        (!wrong.is_empty()).then(|| format!("{} (`{args}`): {}\n{err}", row.what, wrong.join("; ")))
    }

    /// How many things there are, and how many are on the bill.
    fn there(&self) -> Value {
        let truth = self.ask("GET", "/_sim/machines", &Value::Null);
        let count = |value: &Value| value.as_array().map_or(0, Vec::len);
        let bill = self.ask("GET", "/_sim/bill", &Value::Null);
        assert!(bill["charges"].is_array(), "{bill}");
        json!({
            "machines": count(&truth["machines"]), "volumes": count(&truth["volumes"]), "charges": count(&bill["charges"]),
        })
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            ROW.token,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.clouds.kill());
        drop(self.clouds.wait());
    }
}
