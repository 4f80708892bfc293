//! Logs: each line once, to the end.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt as _, TryStreamExt as _};
use machine_core::{ErrorKind, LogLine, LogOptions};
use serde_json::{Value, json};

use crate::rig::{MACHINE, Rig, good, id, machine, no};

fn entry(number: usize) -> Value {
    json!({"id": format!("l-{number}"), "attributes": {
        "timestamp": format!("2026-01-01T00:00:{number:02}Z"), "message": format!("line {number}"), "instance": "e1"
    }})
}

/// A cloud that tells the lines 1 to 6 in pages of two, of which each repeats the last line of the one before.
fn rig() -> Rig {
    let looks = AtomicUsize::new(0);
    Rig::new(move |asked| {
        if asked.path == MACHINE {
            let state = if looks.fetch_add(1, Ordering::SeqCst) < 2 { "started" } else { "stopped" };
            let mut machine = machine(state);
            machine["created_at"] = json!("2026-01-01T00:00:00Z");
            return good(&machine);
        }
        assert_eq!(asked.path, "/api/v1/apps/machine-me/logs");
        let token = asked.query.rsplit_once("next_token=").map_or(0, |(_, token)| token.parse::<usize>().unwrap());
        // Times are tokens as well.
        let first = if token > 6 { 1 } else { token };
        let page: Vec<Value> = (first..=6).take(2).map(entry).collect();
        let next = (first + 1).min(6);
        good(&json!({"data": page, "meta": {"next_token": next.to_string()}}))
    })
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| String::from_utf8_lossy(&line.text).into_owned()).collect()
}

async fn read(rig: &Rig, how: LogOptions) -> Vec<String> {
    let lines: Vec<LogLine> = rig.fly.logs(id(), how).try_collect().await.unwrap();
    texts(&lines)
}

/// The whole log, in which a note says first that older lines are no longer kept.
fn whole() -> Vec<String> {
    std::iter::once("lines older than seven days are kept no longer".to_owned())
        .chain((1..=6).map(|number| format!("line {number}")))
        .collect()
}

#[tokio::test]
async fn every_line_is_told_once() {
    assert_eq!(read(&rig(), LogOptions::default()).await, whole());
}

#[tokio::test]
async fn the_tail_and_what_came_since() {
    let tail = |tail| LogOptions { tail: Some(tail), ..LogOptions::default() };
    assert_eq!(read(&rig(), tail(2)).await, ["line 5", "line 6"]);
    assert!(read(&rig(), tail(0)).await.is_empty());
    let since = LogOptions { since: "2026-01-01T00:00:05Z".parse().ok(), ..LogOptions::default() };
    assert_eq!(read(&rig(), since).await[1..], ["line 5", "line 6"]);
}

#[tokio::test]
async fn following_ends_after_the_machine_and_its_last_line() {
    assert_eq!(read(&rig(), LogOptions { follow: true, ..LogOptions::default() }).await, whole());
}

#[tokio::test]
async fn an_error_ends_it() {
    for (status, kind) in [(404, ErrorKind::NotFound), (401, ErrorKind::Unauthenticated)] {
        let rig = Rig::new(move |_| no(status, "no"));
        let mut lines = rig.fly.logs(id(), LogOptions { follow: true, ..LogOptions::default() });
        assert_eq!(lines.next().await.unwrap().unwrap_err().kind(), kind);
        assert!(lines.next().await.is_none());
    }
}
