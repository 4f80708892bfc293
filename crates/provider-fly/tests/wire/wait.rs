//! Waiting: long polls, and what is seen after them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use machine_core::{Deadline, ErrorKind, Goal, MachineState, Until};
use serde_json::json;

use crate::rig::{LIST, MACHINE, Rig, fleeting, good, id, machine, no};
use crate::server::Play;

fn until(goal: Goal) -> Until {
    Until { goal, deadline: Deadline::after(Duration::from_secs(20)) }
}

/// A cloud whose long polls end so, one after the other, and where the machine is what `looks` says after each.
fn rig(polls: Vec<Play>, looks: Vec<Play>) -> Rig {
    let polled = AtomicUsize::new(0);
    Rig::new(move |asked| {
        if asked.path.ends_with("/wait") {
            return polls[polled.fetch_add(1, Ordering::SeqCst)].clone();
        }
        if asked.path == LIST {
            // The cloud has forgotten those that are gone.
            assert_eq!(asked.query, "include_deleted=true");
            return good(&json!([]));
        }
        assert_eq!(asked.path, MACHINE);
        looks[polled.load(Ordering::SeqCst)].clone()
    })
}

#[tokio::test]
async fn not_yet_is_asked_again_and_the_end_is_looked_at() {
    let mut ended = machine("stopped");
    ended["events"] = json!([{"type": "exit", "timestamp": 1, "request": {"exit_event": {"exit_code": 3}}}]);
    let polls = vec![no(408, "deadline exceeded"), no(504, "timeout"), Play::Reset, good(&json!({"ok": true}))];
    let mut looks = vec![good(&machine("started")); 4];
    looks.push(good(&ended));
    let rig = rig(polls, looks);
    let seen = rig.fly.wait(&id(), &until(Goal::Ended)).await.unwrap();
    assert_eq!((seen.state, seen.exit.unwrap().code), (MachineState::Stopped, Some(3)));
    let poll = rig.lines().into_iter().find(|line| line.contains("/wait")).unwrap();
    assert!(
        poll.contains("state=stopped") && poll.contains("version=01HVERSION") && poll.contains("timeout=20"),
        "{poll}"
    );
    assert_eq!(rig.count(&format!("GET {MACHINE}/wait")), 4, "the client asked nothing twice by itself");
}

#[tokio::test]
async fn how_what_is_gone_has_ended_is_looked_up() {
    let mut ended = fleeting("destroyed");
    ended["events"] = json!([{"type": "exit", "timestamp": 1, "request": {"exit_event": {"exit_code": 3}}}]);
    let other = json!({"id": "e2", "name": "web-2", "state": "destroyed"});
    let answer = json!([other, ended]);
    let rig = Rig::new(move |asked| if asked.path == LIST { good(&answer) } else { no(404, "machine not found") });
    let seen = rig.fly.wait(&id(), &until(Goal::Ended)).await.unwrap();
    assert_eq!((seen.state, seen.exit.unwrap().code), (MachineState::Destroyed, Some(3)));
    assert_eq!(
        rig.fly.get(&id()).await.unwrap_err().kind(),
        ErrorKind::NotFound,
        "and nothing is made of it elsewhere"
    );
}

#[tokio::test]
async fn what_is_gone_was_destroyed() {
    let rig = rig(vec![no(404, "machine not found")], vec![good(&fleeting("started")), no(404, "machine not found")]);
    let seen = rig.fly.wait(&id(), &until(Goal::Ended)).await.unwrap();
    assert_eq!((seen.state, seen.name.as_str()), (MachineState::Destroyed, "web-1"));
    assert!(rig.lines()[1].contains("state=destroyed"), "{:?}", rig.lines());
}

#[tokio::test]
async fn what_will_not_run_is_a_conflict_and_what_never_was_is_not_found() {
    let failed = rig(
        vec![no(400, "machine failed to reach desired state")],
        vec![good(&machine("starting")), good(&machine("failed"))],
    );
    assert_eq!(failed.fly.wait(&id(), &until(Goal::Running)).await.unwrap_err().kind(), ErrorKind::Conflict);
    let nothing = rig(Vec::new(), vec![no(404, "machine not found")]);
    assert_eq!(nothing.fly.wait(&id(), &until(Goal::Running)).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn the_deadline_ends_a_poll_that_goes_on() {
    let rig = Rig::new(|asked| {
        if asked.path.ends_with("/wait") {
            std::thread::sleep(Duration::from_secs(2));
        }
        good(&machine("started"))
    });
    let began = std::time::Instant::now();
    let until = Until { goal: Goal::Ended, deadline: Deadline::after(Duration::from_millis(300)) };
    assert_eq!(rig.fly.wait(&id(), &until).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!((300..1_500).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_cannot_be_looked_up_just_now_is_looked_up_again() {
    let mut ended = fleeting("destroyed");
    ended["events"] = json!([{"type": "exit", "timestamp": 1, "request": {"exit_event": {"exit_code": 3}}}]);
    let (answer, asked_before) = (json!([ended]), AtomicUsize::new(0));
    let rig = Rig::new(move |asked| {
        if asked.path != LIST {
            return no(404, "machine not found");
        }
        // As often as the client asks by itself, and once more.
        if asked_before.fetch_add(1, Ordering::SeqCst) < 5 { no(503, "unavailable") } else { good(&answer) }
    });
    let seen = rig.fly.wait(&id(), &until(Goal::Ended)).await.unwrap();
    assert_eq!(seen.exit.unwrap().code, Some(3));
}
