//! That a record is on the disk before the request is sent, by the system calls of the real command: a kill cannot show it, since
//! what a killed process has written is there for the others whether or not it was synced.

use std::ffi::OsString;
use std::fs;
use std::process::Command;

use machine_simcloud::Cloud;
use serde_json::Value;

use crate::command::myself;
use crate::scene::Scene;

/// The calls by which something is written to a file, synced, or sent.
const CALLS: &str = "trace=fsync,fdatasync,write,pwrite64,pwritev,sendto,sendmsg,writev";

/// What of the calls matters, in its order.
#[derive(Debug, PartialEq)]
enum Step {
    /// The intent is written to the ledger's log.
    Written,
    /// A sync of the log has returned.
    Synced,
    /// The first bytes of the request that makes the machine leave.
    Sent,
}

/// Everything of the intent that was written to the ledger by the time of the request was synced by then.
pub(crate) fn the_record_is_synced_before_the_request_is_sent(cloud: Cloud) {
    if !can_trace() {
        let required = std::env::var("MACHINE_REQUIRE").is_ok_and(|what| what == "all");
        assert!(!required, "MACHINE_REQUIRE=all, and there is no strace that may trace: install strace");
        return println!("skipped: there is no strace that may trace; install strace");
    }
    let scene = Scene::new(cloud);
    let (state, name, trace) = (scene.state(), "traced", scene.path().join("trace"));
    let mut start: Vec<OsString> = ["strace", "-f", "-y", "-s", "8192", "-e", CALLS, "-o"].map(OsString::from).into();
    start.push(trace.clone().into());
    start.extend(myself());
    let made = scene.plain(&state, &["create", name, "--ttl", "10m", "--no-reaper"]).run(&start);
    assert_eq!(made.code, Some(0), "{}", made.said);
    let shown = scene.call(&state, &["ledger", "list", "-o", "json"]).said;
    let entries: Vec<Value> = serde_json::from_str(&shown).unwrap();
    let entry = entries.iter().find(|entry| entry["name"] == name).unwrap();
    let text = fs::read(&trace).unwrap();
    // The ledger has it in small letters.
    let intent = entry["id"].as_str().unwrap().to_ascii_lowercase();
    let steps = steps(&String::from_utf8_lossy(&text), &intent);
    let sent = steps.iter().position(|step| *step == Step::Sent).expect("the request is in the trace");
    let before = &steps[..sent];
    let written =
        before.iter().rposition(|step| *step == Step::Written).expect("the record is written before the request");
    assert!(before[written..].contains(&Step::Synced), "the record was not synced when the request left: {steps:?}");
}

/// The steps in a trace of `strace -f -y`. A call that others come between stands on two lines; what is written counts from the
/// first, what is synced from the second.
fn steps(trace: &str, intent: &str) -> Vec<Step> {
    let mut syncing: Vec<&str> = Vec::new();
    let mut steps = Vec::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let of_log = call.contains("/ledger.db-wal>");
        if call.starts_with("fdatasync(") || call.starts_with("fsync(") {
            match (of_log, call.ends_with(" = 0")) {
                (true, true) => steps.push(Step::Synced),
                (true, false) => syncing.push(pid),
                (false, _) => {}
            }
        } else if call.starts_with("<... fdatasync resumed>") || call.starts_with("<... fsync resumed>") {
            let known = syncing.iter().position(|waiting| *waiting == pid);
            if let Some(index) = known.filter(|_| call.ends_with(" = 0")) {
                syncing.remove(index);
                steps.push(Step::Synced);
            }
        } else if of_log && call.contains(intent) {
            steps.push(Step::Written);
        } else if call.contains("\"POST ") && !call.contains("graphql") {
            steps.push(Step::Sent);
        }
    }
    steps
}

fn can_trace() -> bool {
    Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|output| output.status.success())
}
