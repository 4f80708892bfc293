//! Commands inside a machine.

use futures::TryStreamExt as _;
use machine_core::{Effect, ErrorKind, Exec, ExecEvent, ExitStatus, Result};
use serde_json::json;

use crate::rig::{MACHINE, Rig, good, id, machine, no};
use crate::server::Play;

async fn run(answer: Play) -> (Rig, Result<Vec<ExecEvent>>) {
    let rig = Rig::new(move |asked| if asked.path == MACHINE { good(&machine("started")) } else { answer.clone() });
    let events = match rig.fly.exec(&id(), Exec::of(["sh", "-c", "exit 3"])).await {
        Ok(session) => session.events.try_collect().await,
        Err(error) => Err(error),
    };
    (rig, events)
}

#[tokio::test]
async fn output_and_end_come_with_the_answer() {
    let (rig, events) = run(good(&json!({"exit_code": 3, "stdout": "out", "stderr": "err"}))).await;
    let expected =
        [ExecEvent::Stdout("out".into()), ExecEvent::Stderr("err".into()), ExecEvent::Exited(ExitStatus::exited(3))];
    assert_eq!(events.unwrap(), expected);
    let request = rig.server.requests().pop().unwrap();
    assert!(request.contains(r#"{"command":["sh","-c","exit 3"],"timeout":60}"#), "{request}");
}

#[tokio::test]
async fn a_lost_answer_is_not_asked_for_again() {
    let (rig, events) = run(Play::Reset).await;
    assert_eq!((events.unwrap_err().effect(), rig.count("POST")), (Effect::Unknown, 1));
}

#[tokio::test]
async fn what_takes_too_long_is_a_timeout_with_the_reason() {
    for answer in [no(408, "deadline_exceeded"), no(504, "gateway timeout"), no(400, "context deadline exceeded")] {
        let (rig, events) = run(answer).await;
        let error = events.unwrap_err();
        assert_eq!(
            (error.kind(), error.effect(), rig.count("POST")),
            (ErrorKind::Timeout, Effect::Unknown, 1),
            "{error:?}"
        );
        assert!(error.to_string().contains("60 s"), "{error}");
    }
}

#[tokio::test]
async fn a_machine_that_does_not_run_is_a_conflict() {
    let rig = Rig::new(|_| good(&machine("stopped")));
    let error = rig.fly.exec(&id(), Exec::of(["true"])).await.unwrap_err();
    assert_eq!((error.kind(), rig.count("POST")), (ErrorKind::Conflict, 0));
}
