//! With the feature `otel`, what a command does arrives at the collector that the environment names.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One request: its first line, and its body.
fn request(stream: TcpStream) -> (String, Vec<u8>) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    (first, body)
}

/// The first connection; a collector that nobody calls is a failure and not a wait.
fn accept(collector: &TcpListener) -> TcpStream {
    collector.set_nonblocking(true).unwrap();
    let began = Instant::now();
    loop {
        match collector.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                return stream;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                assert!(began.elapsed() < Duration::from_secs(30), "nothing was sent to the collector");
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn machine(home: &std::path::Path, endpoint: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_machine"));
    command
        .args(["run", "--name", "traced-1", "--env", "TOKEN=hunter2", "--", "true"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .stdin(Stdio::null());
    command
}

#[test]
fn a_run_is_seen_by_the_collector() {
    let home = tempfile::tempdir().unwrap();
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let mut running = machine(home.path(), &endpoint).spawn().unwrap();
    let (first, body) = request(accept(&collector));
    assert!(running.wait().unwrap().success());
    assert!(first.starts_with("POST /v1/traces "), "{first}");
    let body = String::from_utf8_lossy(&body).into_owned();
    for word in ["service.name", "machine", "operation", "create", "traced-1"] {
        assert!(body.contains(word), "{word} is not in what was sent");
    }
    assert!(!body.contains("hunter2"));
}

#[test]
fn a_collector_that_is_not_there_holds_nothing_up() {
    let home = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let said = machine(home.path(), "http://127.0.0.1:1").output().unwrap();
    assert!(said.status.success() && said.stdout.is_empty(), "{said:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
