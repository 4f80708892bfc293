//! Creating: what is sent, and how often.

use std::sync::atomic::{AtomicBool, Ordering};

use machine_core::{Effect, ErrorKind, MachineSpec, Money, SizeRequest};
use serde_json::json;

use crate::rig::{APP, Rig, good, machine, no, spec};
use crate::server::Play;

const MACHINES: &str = "/apps/machine-me/machines";

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_request_is_sent_once() {
    for lost in [Play::Reset, Play::Cut, no(502, "bad gateway"), no(408, "timed out"), Play::answer(200, &[], "<html>")]
    {
        let rig = Rig::new(move |asked| match (asked.method, asked.path) {
            ("GET", APP) => good(&json!({})),
            _ => lost.clone(),
        });
        let error = rig.fly.create(&rig.wish().await, &spec()).await.unwrap_err();
        assert_eq!((error.effect(), rig.count("POST")), (Effect::Unknown, 1), "{error:?}");
    }
}

#[tokio::test]
async fn the_request_carries_name_and_markers() {
    let rig = Rig::new(|asked| match asked.method {
        "GET" => good(&json!({})),
        _ => good(&machine("created")),
    });
    let wish = rig.wish().await;
    let made = rig.fly.create(&wish, &spec()).await.unwrap();
    assert_eq!((made.id.as_str(), made.raw_state.as_str()), ("e1", "created"));
    let request = rig.server.requests().pop().unwrap();
    for part in [
        "authorization: Bearer hunter2",
        "\"name\":\"web-1\"",
        "\"machine_owner\":\"me\"",
        &wish.intent().id.to_string(),
    ] {
        assert!(request.contains(part), "{part}: {request}");
    }
}

#[tokio::test]
async fn the_app_is_made_with_the_first_machine() {
    let made = AtomicBool::new(false);
    let rig = Rig::new(move |asked| match (asked.method, asked.path) {
        ("GET", APP) if !made.load(Ordering::SeqCst) => no(404, "app not found"),
        ("POST", "/apps") => {
            made.store(true, Ordering::SeqCst);
            Play::answer(201, &[], "")
        }
        _ => good(&machine("created")),
    });
    for _ in 0..2 {
        rig.fly.create(&rig.wish().await, &spec()).await.unwrap();
    }
    assert_eq!(
        rig.lines(),
        [&format!("GET {APP}"), "POST /apps", &format!("POST {MACHINES}"), &format!("POST {MACHINES}")]
    );
}

#[tokio::test]
async fn an_app_of_somebody_elses_is_told() {
    let rig = Rig::new(|asked| match asked.method {
        "GET" => no(404, "app not found"),
        _ => no(422, "Validation failed: Name has already been taken"),
    });
    let error = rig.fly.create(&rig.wish().await, &spec()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::AlreadyExists, Effect::None));
    assert!(error.to_string().contains("machine-me"), "{error}");
}

#[tokio::test]
async fn what_was_made_and_did_not_start_is_applied() {
    for there in [true, false] {
        let rig = Rig::new(move |asked| match (asked.method, asked.path) {
            ("GET", APP) => good(&json!({})),
            ("GET", _) if there => {
                let intent = asked.query.rsplit('=').next().unwrap();
                let mut machine = machine("launch_failed");
                machine["config"]["metadata"] = json!({"machine_owner": "me", "machine_intent": intent});
                good(&json!([machine]))
            }
            ("GET", _) => good(&json!([])),
            _ => no(500, "failed to launch VM: aborted"),
        });
        let error = rig.fly.create(&rig.wish().await, &spec()).await.unwrap_err();
        let expected = if there { Effect::Applied } else { Effect::Unknown };
        assert_eq!((error.kind(), error.effect(), rig.count("POST")), (ErrorKind::Upstream, expected, 1), "{error:?}");
    }
    let rig = Rig::new(|asked| match asked.method {
        "GET" => good(&json!({})),
        _ => good(&machine("failed")),
    });
    assert_eq!(rig.fly.create(&rig.wish().await, &spec()).await.unwrap_err().effect(), Effect::Applied);
}

#[tokio::test]
async fn a_refusal_has_no_effect_and_is_in_the_clouds_words() {
    let rig = Rig::new(|asked| match asked.method {
        "GET" => good(&json!({})),
        _ => no(403, "organization o is using 9 MB of memory in iad which is over the allowed quota"),
    });
    let error = rig.fly.create(&rig.wish().await, &spec()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect(), error.request_id()), (ErrorKind::Quota, Effect::None, Some("r-1")));
    assert!(error.to_string().contains("allowed quota"), "{error}");
}

#[tokio::test]
async fn a_price_is_that_of_the_dearest_region_and_asks_nobody() {
    let rig = Rig::new(|_| good(&json!({})));
    let sized = |name: &str| MachineSpec { size: SizeRequest::Named(name.to_owned()), ..spec() };
    for (wish, micros) in [(spec(), 4_493), (sized("shared-cpu-1x:1280MB"), 15_604), (sized("performance-1x"), 71_540)]
    {
        let price = rig.fly.catalog().price(&wish).await.unwrap().unwrap();
        assert_eq!(price.hourly, Money::from_micros(micros), "{wish:?}");
    }
    assert_eq!(rig.fly.catalog().price(&sized("tiny")).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert!(rig.server.requests().is_empty());
}
