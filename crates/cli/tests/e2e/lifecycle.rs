//! A machine that stays: created, looked at, stopped, started, waited for, destroyed.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Home, end_of, eventually};

fn inspect(home: &Home, name: &str) -> serde_json::Value {
    serde_json::from_slice(&home.machine(["inspect", name]).expect(0).stdout).unwrap()
}

#[test]
fn from_create_to_destroy() {
    let home = Home::new();
    let said = home.machine(["create", "web-1", "--label", "team=web"]).expect(0);
    let id = said.out().trim_end().strip_prefix("New machine created with id: ").expect("the id").to_owned();

    let machine = inspect(&home, "web-1");
    assert_eq!(machine["id"], id);
    assert_eq!(machine["state"], "running");
    assert_eq!(machine["labels"]["team"], "web");
    assert_eq!(inspect(&home, &id)["name"], "web-1", "an id is as good as a name");
    let status = home.machine(["status", "web-1"]).expect(0).out();
    assert!(status.contains("running") && status.contains(&id), "{status}");

    home.machine(["stop", "web-1"]).expect(0);
    assert_eq!(inspect(&home, "web-1")["state"], "stopped");
    home.machine(["stop", "web-1"]).expect(0);
    home.machine(["exec", "web-1", "--", "true"]).expect(125);
    home.machine(["start", "web-1"]).expect(0);
    home.machine(["start", "web-1"]).expect(0);
    home.machine(["exec", "web-1", "--", "true"]).expect(0);
    let before = inspect(&home, "web-1")["started_at"].clone();
    home.machine(["restart", "web-1"]).expect(0);
    assert_ne!(inspect(&home, "web-1")["started_at"], before);

    home.machine(["destroy", "web-1", "--yes"]).expect(0);
    home.machine(["status", "web-1"]).expect(3);
    home.assert_clean();
}

#[test]
fn lists_have_a_shape_for_every_reader() {
    let home = Home::new();
    assert_eq!(home.machine(["list"]).expect(0).out(), "");
    assert_eq!(home.machine(["list", "-o", "json"]).expect(0).out().trim(), "[]");
    assert!(!home.state().join("ledger.db").exists(), "looking makes nothing");
    home.machine(["-q", "create", "one", "-l", "n=1"]).expect(0);
    let id = home.machine(["create", "two", "-q", "--", "sh", "-c", "exit 3"]).expect(0).out();
    home.machine(["wait", "two"]).expect(0);

    let text = home.machine(["list"]).expect(0).out();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], format!("two ({}, local, None): None", id.trim()));
    let states = home.machine(["status"]).expect(0).out();
    assert!(states.contains("):\tmachine-status=running\tcloud-init-status=UNKNOWN\n"), "{states}");
    let table = home.machine(["ls", "-o", "table"]).expect(0).out();
    assert!(table.starts_with("NAME") && table.contains("stopped (exit 3)"), "{table}");
    let json: serde_json::Value =
        serde_json::from_slice(&home.machine(["list", "-o", "json"]).expect(0).stdout).unwrap();
    assert_eq!(json[1]["exit"]["code"], 3);
    let ids = home.machine(["list", "-o", "ids"]).expect(0).out();
    assert_eq!(ids.lines().count(), 2);
    assert_eq!(home.machine(["list", "-q"]).expect(0).out(), ids);
    assert_eq!(home.machine(["list", "-o", "ids", "-l", "n=1"]).expect(0).out().lines().count(), 1);

    home.machine(["destroy", "--yes"].into_iter().chain(ids.lines())).expect(0);
    home.assert_clean();
}

#[test]
fn waiting() {
    let home = Home::new();
    home.machine(["create", "short", "--", "sh", "-c", "sleep 0.5; exit 7"]).expect(0);
    assert_eq!(home.machine(["wait", "short"]).expect(0).out(), "stopped (exit 7)\n");
    home.machine(["wait", "short", "--for", "running", "--timeout", "5s"]).expect(5);
    home.machine(["create", "long"]).expect(0);
    home.machine(["wait", "long", "--for", "running"]).expect(0);
    let started = Instant::now();
    let said = home.machine(["wait", "long", "--timeout", "300ms"]).expect(8);
    assert!(started.elapsed() < Duration::from_secs(3) && said.stderr.contains("error:"), "{said:?}");
    let waiting = home
        .command(["wait", "long", "--for", "destroyed"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    home.machine(["rm", "-y", "short", "long"]).expect(0);
    end_of(waiting).expect(0);
    home.assert_clean();
}

#[test]
fn logs() {
    let home = Home::new();
    let script = "for n in 1 2 3 4 5; do echo out $n; done; echo err >&2; printf 'no end'";
    home.machine(["create", "talks", "--", "sh", "-c", script]).expect(0);
    home.machine(["wait", "talks"]).expect(0);
    let said = home.machine(["logs", "talks"]).expect(0);
    assert_eq!(said.out(), "out 1\nout 2\nout 3\nout 4\nout 5\nno end");
    assert_eq!(said.stderr, "err\n");
    assert_eq!(home.machine(["logs", "talks", "--since", "1h"]).expect(0).stdout, said.stdout);
    assert_eq!(home.machine(["logs", "talks", "--since", "2100-01-01T00:00:00Z"]).expect(0).out(), "");
    let stamped = home.machine(["logs", "-t", "talks"]).expect(0).out();
    let (stamp, rest) = stamped.lines().next().unwrap().split_once(' ').unwrap();
    assert!(stamp.ends_with('Z') && stamp.starts_with("20") && rest == "out 1", "{stamped}");
    let last = home.machine(["logs", "-n", "2", "talks"]).expect(0);
    assert_eq!(last.out().lines().count() + last.stderr.lines().count(), 2, "{last:?}");
    home.machine(["destroy", "-y", "talks"]).expect(0);
    home.assert_clean();
}

#[test]
fn logs_are_followed_to_the_end() {
    let home = Home::new();
    home.machine(["create", "talks", "--", "sh", "-c", "for n in 1 2 3; do echo $n; sleep 0.2; done"]).expect(0);
    let said = home.machine(["logs", "-f", "talks"]).expect(0);
    assert_eq!(said.out(), "1\n2\n3\n");
    home.machine(["destroy", "-y", "talks"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_line_of_ten_megabytes_comes_back_whole() {
    let home = Home::new();
    home.machine(["create", "long-line", "--", "sh", "-c", "head -c 10485760 /dev/zero | tr '\\0' x; echo; echo end"])
        .expect(0);
    home.machine(["wait", "long-line"]).expect(0);
    let said = home.machine(["logs", "long-line"]).expect(0);
    assert_eq!(said.stdout.len(), 10_485_760 + 1 + 4);
    assert!(said.stdout.ends_with(b"xx\nend\n"));
    home.machine(["destroy", "-y", "long-line"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_machine_without_a_network_publishes_a_port() {
    let home = Home::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = "import http.server;http.server.test(http.server.SimpleHTTPRequestHandler,port=8000,bind='127.0.0.1')";
    let said = home.machine(
        ["create", "served", "--net", "none", "-p", &format!("{port}:8000"), "--", "python3", "-c", server].iter(),
    );
    if said.stderr.contains("namespaces") && said.code != 0 {
        return;
    }
    said.expect(0);
    let get = || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    };
    eventually("the port to answer", || get().is_some_and(|answer| answer.contains("200 OK")));
    home.machine(["destroy", "-y", "served"]).expect(0);
    home.assert_clean();
}

#[test]
fn what_is_left_behind_is_named_and_cleaned_up() {
    let home = Home::new();
    home.machine(["create", "stays"]).expect(0);
    std::fs::create_dir_all(home.state().join("local/trash/rubbish")).unwrap();
    let said = home.machine(["gc", "--dry-run"]).expect(0);
    assert!(said.out().contains("rubbish"), "{said:?}");
    assert!(home.state().join("local/trash/rubbish").exists());
    home.machine(["gc"]).expect(0);
    assert!(!home.state().join("local/trash/rubbish").exists());
    assert_eq!(home.names(), ["stays"], "what is used stays");
    home.machine(["destroy", "-y", "stays"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_machine_past_its_time_is_swept() {
    let home = Home::new();
    home.machine(["create", "brief", "--ttl", "1s"]).expect(0);
    home.machine(["create", "stays", "--ttl", "1h"]).expect(0);
    std::thread::sleep(Duration::from_millis(1_200));
    home.machine(["gc"]).expect(0);
    assert_eq!(home.names(), ["stays"]);
    home.machine(["destroy", "-y", "stays"]).expect(0);
    home.assert_clean();
}
