//! What all simulated clouds have in common: faults, the clock, and the end.

use crate::support::{Caller, exact};
use machine_simcloud::{Cloud, SimCloud};
use serde_json::{Value, json};

const ACCOUNT: &str = "/v2/account";

async fn up() -> (machine_simcloud::Running, Caller) {
    let running = exact(Cloud::DigitalOcean).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    (running, caller)
}

#[tokio::test]
async fn a_reset_leaves_no_answer_and_the_next_request_is_answered() {
    let (running, caller) = up().await;
    caller.fault(json!({"operation": "get_account", "what": "reset"})).await;
    caller.send("GET", ACCOUNT, Value::Null).await.unwrap_err();
    caller.get(ACCOUNT).await;
    running.shutdown().await;
}

#[tokio::test]
async fn a_reset_is_one_on_the_wire() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let (running, caller) = up().await;
    caller.fault(json!({"operation": "get_account", "when": "before", "what": "reset"})).await;
    let mut stream = tokio::net::TcpStream::connect(caller.address).await.unwrap();
    stream.write_all(b"GET /v2/account HTTP/1.1\r\nhost: sim\r\n\r\n").await.unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    running.shutdown().await;
}

#[tokio::test]
async fn a_body_is_cut_in_the_middle() {
    let (running, caller) = up().await;
    caller.fault(json!({"operation": "get_account", "what": "cut"})).await;
    caller.send("GET", ACCOUNT, Value::Null).await.unwrap_err();
    running.shutdown().await;
}

#[tokio::test]
async fn answers_are_replaced_and_shortened_as_the_plan_says() {
    let (running, caller) = up().await;
    let busy = json!({"status": {"code": 429, "headers": {"retry-after": "7"}, "body": {"id": "too_many_requests"}}});
    for what in [busy, json!("garbage"), json!("truncated")] {
        caller.fault(json!({"operation": "*", "what": what})).await;
    }
    let refused = caller.send("GET", ACCOUNT, Value::Null).await.unwrap();
    assert_eq!((refused.status, refused.headers["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(refused.json(), json!({"id": "too_many_requests"}));
    assert!(caller.send("GET", ACCOUNT, Value::Null).await.unwrap().text.starts_with("<!DOCTYPE"));
    let half = caller.send("GET", ACCOUNT, Value::Null).await.unwrap();
    serde_json::from_str::<Value>(&half.text).unwrap_err();
    caller.get(ACCOUNT).await;
    running.shutdown().await;
}

#[tokio::test]
async fn faults_are_listed_and_taken_back() {
    let (running, caller) = up().await;
    caller.fault(json!({"operation": "get_account", "what": "reset", "times": 3})).await;
    assert_eq!(caller.get("/_sim/faults").await[0]["times"], 3);
    caller.call("DELETE", "/_sim/faults", Value::Null, 204).await;
    caller.get(ACCOUNT).await;
    let unknown = json!([{"operation": "get_account", "what": "earthquake"}]);
    caller.call("POST", "/_sim/faults", unknown, 400).await;
    running.shutdown().await;
}

#[tokio::test]
async fn nobody_listens_after_the_end() {
    let running = SimCloud::builder().machines(false).cloud(Cloud::DigitalOcean, 0).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    caller.get(ACCOUNT).await;
    running.shutdown().await;
    caller.send("GET", ACCOUNT, Value::Null).await.unwrap_err();
}

#[tokio::test]
async fn what_there_is_not_is_answered_in_the_form_of_the_cloud() {
    let (running, caller) = up().await;
    assert_eq!(caller.call("GET", "/v2/moons", Value::Null, 404).await["id"], "not_found");
    assert_eq!(caller.call("PUT", ACCOUNT, json!({}), 404).await["id"], "not_found");
    running.shutdown().await;
}
