//! `machine jobs` and `machine run --json`: what is told of a job, and what is kept of it.

use std::io::BufReader;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::Value;

use crate::playing::Playing;
use crate::support::{Home, end_of, eventually, finish, read_until, signal};

/// The lines of JSON in a text.
#[track_caller]
fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// What the events say that was written to a stream.
fn written(events: &[Value], stream: &str) -> String {
    events.iter().filter(|event| event["type"] == stream).filter_map(|event| event["data"].as_str()).collect()
}

#[test]
fn a_job_is_told_as_lines_of_json() {
    let home = Home::new();
    let script = r"echo out; echo żółw >&2; sleep 0.1; printf '\377'; exit 3";
    let said = home.machine(["run", "--json", "--", "sh", "-c", script]).expect(3);
    let told = events(&said.out());
    assert_eq!(told[0]["type"], "started");
    assert!(told[0]["machine"].is_string() && told[0]["job"].is_string() && told[0]["provider"] == "local", "{told:?}");
    assert_eq!((written(&told, "stdout").as_str(), written(&told, "stderr").as_str()), ("out\n", "żółw\n"));
    assert!(told.iter().any(|event| event["data"]["base64"] == "/w=="), "{told:?}");
    let ended = told.last().unwrap();
    assert_eq!((&ended["type"], &ended["outcome"]), (&"ended".into(), &"failed".into()));
    assert_eq!((&ended["exit_code"], &ended["code"], &ended["reason"]), (&3.into(), &3.into(), &"exited".into()));
    assert_eq!(said.stderr, "");

    let said = home.machine(["run", "--json", "--timeout", "1s", "--", "sleep", "60"]).expect(124);
    assert_eq!(events(&said.out()).last().unwrap()["outcome"], "timed-out");
    let said = home.machine(["run", "--json", "--", "sh", "-c", "kill -9 $$"]).expect(137);
    assert_eq!(events(&said.out()).last().unwrap()["signal"], 9);
    let said = home.machine(["run", "--json", "--name", "Bad_Name", "--", "true"]).expect(125);
    assert_eq!(serde_json::from_str::<Value>(&said.stderr).unwrap()["error"]["code"], 2);
    home.assert_clean();
}

#[test]
fn a_job_is_kept_and_holds_no_secret() {
    let home = Home::new();
    let script = "echo one; echo two >&2; exit 3";
    let mut command = home.command(["run", "--name", "kept-1", "--secret", "TOKEN", "--", "sh", "-c", script]);
    command.env("TOKEN", "hunter2");
    finish(command, b"").expect(3);
    home.machine(["run", "--", "true"]).expect(0);
    let records: Value = serde_json::from_str(&home.machine(["jobs", "list", "-o", "json"]).expect(0).out()).unwrap();
    let (first, second) = (&records[0], &records[1]);
    assert_eq!((&first["ended"]["outcome"], &second["ended"]["outcome"]), (&"failed".into(), &"succeeded".into()));
    assert!(first["gone"]["evidence"].is_string(), "{first}");
    assert_eq!(first["asked"]["env"], serde_json::json!(["TOKEN"]));
    let logs = home.machine(["jobs", "logs", "kept-1"]).expect(0);
    assert_eq!((logs.out().as_str(), logs.stderr.lines().next()), ("one\n", Some("two")));
    home.machine(["jobs", "attach", "kept-1"]).expect(3);
    let grep = std::process::Command::new("grep").args(["-rl", "hunter2"]).arg(home.state()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&grep.stdout), "");
    let id = first["id"].as_str().unwrap();
    let shown: Value = serde_json::from_str(&home.machine(["jobs", "show", id]).expect(0).out()).unwrap();
    assert_eq!(shown, *first);
    home.machine(["jobs", "rm", id]).expect(0);
    home.machine(["jobs", "show", id]).expect(3);
    home.machine(["jobs", "cancel", second["id"].as_str().unwrap()]).expect(5);
    home.machine(["jobs", "rm", "--all"]).expect(0);
    assert_eq!(home.machine(["jobs", "list"]).expect(0).out(), "");
    home.assert_clean();
}

/// A job that counts, left to itself; its id.
fn detached(home: &Home, playing: Option<&Playing>) -> String {
    let args =
        ["run", "--detach", "--", "sh", "-c", "for n in $(seq 1 200); do echo line $n; sleep 0.02; done; exit 3"];
    let command = match playing {
        Some(playing) => playing.command(home, &args),
        None => home.command(args),
    };
    let said = finish(command, b"").expect(0);
    said.out().trim().to_owned()
}

fn all_lines() -> String {
    (1..=200).map(|number| format!("line {number}\n")).collect()
}

#[test]
fn a_detached_job_outlives_whoever_follows_it_here() {
    follow_and_be_killed(None);
}

#[test]
fn a_detached_job_outlives_whoever_follows_it_at_fly() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    follow_and_be_killed(Some((&home, &fly)));
    fly.end();
}

/// Follows a job, is killed in the middle of it, and follows it again: no line is missing.
fn follow_and_be_killed(at: Option<(&Home, &Playing)>) {
    let own = at.is_none().then(Home::new);
    let home = own.as_ref().or(at.map(|(home, _)| home)).unwrap();
    let id = detached(home, at.map(|(_, playing)| playing));
    let mut child =
        home.command(["jobs", "attach", &id]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    read_until(&mut reader, "line 5\n");
    signal(&child, Signal::KILL);
    end_of(child).expect(137);
    let said = home.machine(["jobs", "attach", &id]).expect(3);
    assert_eq!(said.out(), all_lines());
    eventually("its machine to be gone", || {
        let shown = home.machine(["jobs", "show", &id]).expect(0).out();
        serde_json::from_str::<Value>(&shown).unwrap()["gone"].is_object()
    });
    assert_eq!(home.machine(["jobs", "logs", &id]).expect(0).out(), all_lines());
    if own.is_some() {
        home.assert_clean();
    }
}

#[test]
fn a_detached_job_is_cancelled_and_its_machine_goes() {
    let home = Home::new();
    let said = home.machine(["run", "--detach", "--", "sleep", "60"]).expect(0);
    let id = said.out().trim().to_owned();
    let shown = || serde_json::from_str::<Value>(&home.machine(["jobs", "show", &id]).expect(0).out()).unwrap();
    eventually("the job to run", || shown()["started_at"].is_string());
    home.machine(["jobs", "rm", &id]).expect(5);
    home.machine(["jobs", "cancel", &id]).expect(0);
    assert_eq!(shown()["ended"]["outcome"], "cancelled");
    assert_eq!(home.machine(["jobs", "attach", &id]).code, 143);
    home.assert_clean();
}

#[test]
fn a_job_whose_client_was_killed_is_said_to_be_unknown() {
    let home = Home::new();
    let mut child = home
        .command(["run", "--name", "killed", "--", "sh", "-c", "echo runs; sleep 60"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    read_until(&mut BufReader::new(child.stdout.take().unwrap()), "runs\n");
    signal(&child, Signal::KILL);
    end_of(child).expect(137);
    let said = home.machine(["jobs", "attach", "killed"]).expect(125);
    assert!(said.out() == "runs\n" && said.stderr.contains("not known how"), "{}", said.stderr);
    assert!(home.machine(["jobs", "list"]).expect(0).out().contains("abandoned"));
    eventually("the reaper to end the machine", || home.names().is_empty());
    home.assert_clean();
}

#[test]
fn a_receipt_holds_until_it_is_changed() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &[]);
    let (code, text) = fly.machine(&home, &["run", "--name", "paid", "--", "sh", "-c", "echo out; exit 3"]);
    assert_eq!(code, 3, "{text}");
    let receipt = home.machine(["jobs", "receipt", "paid"]).expect(0).out();
    let read: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!((&read["provider"], &read["ended"]["code"]), (&"fly".into(), &3.into()), "{receipt}");
    assert!(read["cost"].as_i64().is_some_and(|cost| cost > 0) && read["gone"]["intent"].is_string(), "{receipt}");
    let file = home.path().join("receipt.json");
    let verify = |text: &str| {
        std::fs::write(&file, text).unwrap();
        home.machine(["verify", "receipt.json"])
    };
    assert!(verify(&receipt).expect(0).out().contains("its machine is gone"));
    for (from, to) in [("\"code\": 3", "\"code\": 0"), ("\"echo out; exit 3\"", "\"true\""), ("\"fly\"", "\"local\"")] {
        let changed = receipt.replacen(from, to, 1);
        assert_ne!(changed, receipt, "{from}");
        assert!(verify(&changed).expect(5).stderr.contains("does not hold"), "{from}");
    }
    verify("{}").expect(2);
    // Somebody else, who has nothing but the receipt.
    home.machine(["jobs", "rm", "paid"]).expect(0);
    verify(&receipt).expect(0);
    fly.end();
}
