//! Leases: taken, shown, given back.

use std::time::Duration;

use machine_core::{Destroyed, Effect, ErrorKind, Power};
use serde_json::json;

use crate::rig::{Asked, MACHINE, Rig, fleeting, good, id, machine, no};
use crate::server::Play;

const STOP: Power = Power::Stop { grace: Duration::from_secs(1) };

/// A cloud with a machine that runs.
fn cloud(asked: &Asked<'_>) -> Play {
    match (asked.method, asked.path) {
        ("GET", MACHINE) => good(&machine("started")),
        ("POST", path) if path.ends_with("/lease") => {
            Play::answer(201, &[], &json!({"status": "success", "data": {"nonce": "abc"}}).to_string())
        }
        _ => good(&json!({})),
    }
}

#[tokio::test]
async fn it_is_taken_shown_and_given_back() {
    let rig = Rig::new(cloud);
    rig.fly.power(&id(), STOP).await.unwrap();
    let expected = ["GET ", "POST /lease", "POST /stop", "DELETE /lease"].map(|line| {
        let (method, rest) = line.split_once(' ').unwrap();
        format!("{method} {MACHINE}{rest}")
    });
    assert_eq!(rig.lines(), expected);
    let shown = rig
        .server
        .requests()
        .iter()
        .map(|request| request.contains("fly-machine-lease-nonce: abc"))
        .collect::<Vec<_>>();
    assert_eq!(shown, [false, false, true, true]);
}

#[tokio::test]
async fn what_is_refused_under_it_gives_it_back_too() {
    let rig =
        Rig::new(|asked| if asked.path.ends_with("/suspend") { no(400, "too much memory") } else { cloud(asked) });
    let error = rig.fly.power(&id(), Power::Suspend).await.unwrap_err();
    assert_eq!((error.kind(), rig.count("DELETE")), (ErrorKind::Invalid, 1));
}

#[tokio::test]
async fn what_goes_with_its_command_has_none() {
    let rig = Rig::new(|asked| if asked.path == MACHINE { good(&fleeting("started")) } else { cloud(asked) });
    rig.fly.power(&id(), STOP).await.unwrap();
    assert_eq!(rig.lines(), [format!("GET {MACHINE}"), format!("POST {MACHINE}/stop")]);
}

#[tokio::test]
async fn what_is_destroyed_needs_none_back() {
    let rig = Rig::new(cloud);
    assert_eq!(rig.fly.destroy(&id()).await.unwrap(), Destroyed::Accepted);
    assert_eq!(rig.lines()[1..], [format!("POST {MACHINE}/lease"), format!("DELETE {MACHINE}?force=true")]);
}

#[tokio::test]
async fn it_is_given_back_where_nobody_waits_any_more() {
    for slow in ["/stop", "/lease"] {
        let rig = Rig::new(move |asked| {
            if asked.method == "POST" && asked.path.ends_with(slow) {
                std::thread::sleep(Duration::from_millis(300));
            }
            cloud(asked)
        });
        let gave_up = tokio::time::timeout(Duration::from_millis(150), rig.fly.power(&id(), STOP)).await;
        assert!(gave_up.is_err());
        tokio::time::timeout(Duration::from_secs(5), async {
            while rig.count("DELETE") == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
        assert!(rig.server.requests().pop().unwrap().contains("fly-machine-lease-nonce: abc"), "{slow}");
    }
}

#[tokio::test]
async fn what_somebody_else_has_is_busy() {
    let rig =
        Rig::new(|asked| if asked.path.ends_with("/lease") { no(409, "lease currently held") } else { cloud(asked) });
    let error = rig.fly.destroy(&id()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Busy, Effect::None));
    assert_eq!((rig.count("POST"), rig.count("DELETE")), (3, 0));
}

#[tokio::test]
async fn what_is_gone_is_already_gone() {
    for answer in [no(404, "machine not found"), good(&machine("destroyed"))] {
        let rig = Rig::new(move |_| answer.clone());
        assert_eq!(rig.fly.destroy(&id()).await.unwrap(), Destroyed::AlreadyGone);
        assert_eq!(rig.lines().len(), 1);
    }
}
