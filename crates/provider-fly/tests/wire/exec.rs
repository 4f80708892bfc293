//! Commands inside a machine.

use futures::TryStreamExt as _;
use machine_core::{Effect, ErrorKind, Exec, ExecEvent, ExitStatus, Result};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

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

/// Runs a command that is handed `input`.
async fn fed(input: &[u8]) -> (Rig, Result<Vec<ExecEvent>>) {
    let rig = Rig::new(
        |asked| {
            if asked.path == MACHINE { good(&machine("started")) } else { good(&json!({"stdout": "out"})) }
        },
    );
    let command = Exec { stdin: true, ..Exec::of(["cat"]) };
    let mut session = rig.fly.exec(&id(), command).await.unwrap();
    let mut stdin = session.stdin.take().unwrap();
    let feeding = async {
        // A command that takes no more has something to say about it.
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
    };
    let (events, ()) = tokio::join!(session.events.try_collect(), feeding);
    (rig, events)
}

#[tokio::test]
async fn input_goes_along_as_a_whole() {
    let (rig, events) = fed("one\nzwö".as_bytes()).await;
    assert_eq!(events.unwrap().len(), 2);
    let request = rig.server.requests().pop().unwrap();
    assert!(request.contains(r#"{"command":["cat"],"stdin":"one\nzwö","timeout":60}"#), "{request}");
}

#[tokio::test]
async fn input_that_cannot_be_sent_is_refused() {
    for (input, word) in [(vec![0xff, 0xfe], "UTF-8"), (vec![b'x'; (4 << 20) + 1], "4 MiB")] {
        let (rig, events) = fed(&input).await;
        let error = events.unwrap_err();
        assert_eq!((error.kind(), error.effect(), rig.count("POST")), (ErrorKind::Invalid, Effect::None, 0));
        assert!(error.to_string().contains(word), "{error}");
    }
}
