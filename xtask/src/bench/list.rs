//! Lists of many droplets, whole process, at a simulated DigitalOcean on this computer.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Report, build, repeat};
use crate::{Outcome, root};

const RUNS: usize = 20;

/// The account.
const TOKEN: &str = "bench";

/// The pages that there are, and one more: droplets with GPUs are a list of their own at DigitalOcean, which an account must
/// be asked for before one knows that it is empty.
const GPUS: u64 = 1;

/// Builds the release binary, measures it, prints one row a figure, and fails when a limit is missed.
pub(crate) fn run() -> Outcome {
    build()?;
    let program = root().join("target/release/machine");
    let mut report = Report::default();
    println!("medians of {RUNS} (p95); release build; a fake on this computer\n");
    println!("| what | measured | limit | |\n|---|---|---|---|");
    for (count, requests, limits) in [(1_000, 5 + GPUS, Some((60.0, 15.0))), (10_000, 50 + GPUS, None)] {
        let cloud = Cloud::start(&program)?;
        cloud.ask("POST", "/_sim/seed", &format!(r#"{{"count": {count}, "token": "{TOKEN}"}}"#))?;
        let before = cloud.lists()?;
        let mut command = Command::new(&program);
        command.args(["--provider", "digitalocean", "--no-rate-limit", "list", "--all"]);
        command.env("DIGITALOCEAN_ACCESS_TOKEN", TOKEN).env("DIGITALOCEAN_API_URL", &cloud.url);
        command.env("MACHINE_STATE_DIR", cloud.home.path().join("state")).env("HOME", cloud.home.path());
        let measured = repeat(RUNS, &command)?;
        let asked = (cloud.lists()? - before) as f64 / RUNS as f64;
        report.at_most(&format!("{count} droplets, requests"), &asked.to_string(), asked, requests as f64, "");
        let mib = measured.max_rss_kib as f64 / 1024.0;
        let (what, memory) = (format!("{count} droplets listed"), format!("{count} droplets listed, memory"));
        match limits {
            Some((time, most)) => {
                report.times(&what, &measured.wall, time);
                report.at_most(&memory, &format!("{mib:.1} MiB"), mib, most, "MiB");
            }
            None => {
                println!("| {what} | {:.1} ms ({:.1}) | | |", measured.wall.median(), measured.wall.p95());
                println!("| {memory} | {mib:.1} MiB | | |");
            }
        }
    }
    report.end()
}

/// `machine simcloud`, until this is dropped.
struct Cloud {
    child: Child,
    url: String,
    home: tempfile::TempDir,
}

impl Cloud {
    fn start(program: &Path) -> Outcome<Self> {
        let home = tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
        let mut command = Command::new(program);
        // Nothing is done in them, and 10,000 real ones are too many.
        command.args(["simcloud", "--digitalocean", "0", "--no-rate-limit", "--no-machines"]);
        command.env("MACHINE_STATE_DIR", home.path().join("clouds")).env("HOME", home.path());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
        let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
        // The last that it prints: whoever stops to read before ends it.
        let end_point = lines.map_while(Result::ok).find_map(|line| {
            line.strip_prefix("export DIGITALOCEAN_END_POINT=").map(|url| url.trim_end_matches("/v2/").to_owned())
        });
        match end_point {
            Some(url) => Ok(Self { child, url, home }),
            None => Err("the simulated cloud does not say where it is".to_owned()),
        }
    }

    /// How many pages of lists of droplets were asked for so far.
    fn lists(&self) -> Outcome<u64> {
        let requests: serde_json::Value =
            serde_json::from_str(&self.ask("GET", "/_sim/requests", "")?).map_err(|error| error.to_string())?;
        Ok(requests["list_droplets"].as_u64().unwrap_or(0))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Outcome<String> {
        let failed = |error: std::io::Error| format!("{method} {path}: {error}");
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).map_err(failed)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + body).as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("{method} {path}: no answer"))?;
        if head.starts_with("HTTP/1.1 200") { Ok(body.to_owned()) } else { Err(format!("{method} {path}: {head}")) }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
