//! A simulated Fly with an app, and how it is asked.

use std::time::{Duration, Instant};

use machine_simcloud::{Builder, Cloud, Quirks, Running, SimCloud};
use serde_json::{Value, json};

use crate::support::Caller;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// The machines of the app.
pub(crate) const MACHINES: &str = "/v1/apps/web/machines";

pub(crate) fn builder() -> Builder {
    SimCloud::builder().cloud(Cloud::Fly, 0).speed(20.0).quirks(Quirks::none()).rate_limits(false)
}

/// A cloud in which there is an app.
pub(crate) async fn up() -> (Running, Caller) {
    let running = builder().start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Fly, "token");
    make_app(&caller).await;
    (running, caller)
}

pub(crate) async fn make_app(caller: &Caller) {
    caller.call("POST", "/v1/apps", json!({"name": "web", "org_slug": "personal"}), 201).await;
}

/// An order for a machine that runs `script`, with `more` in its configuration.
pub(crate) fn order(script: &str, more: Value) -> Value {
    let mut config = json!({"image": "debian", "init": {"exec": ["sh", "-c", script]}, "restart": {"policy": "no"}});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"region": "iad", "config": config})
}

/// The path of a machine that was just ordered.
pub(crate) async fn create(caller: &Caller, script: &str, more: Value) -> String {
    let made = caller.call("POST", MACHINES, order(script, more), 200).await;
    format!("{MACHINES}/{}", made["id"].as_str().unwrap())
}

pub(crate) async fn wait(caller: &Caller, machine: &str, state: &str) -> Value {
    caller.get(&format!("{machine}/wait?state={state}&timeout=15")).await;
    caller.get(machine).await
}

/// The newest exit of a machine, as it is told.
pub(crate) fn exit(machine: &Value) -> Value {
    let events = machine["events"].as_array().unwrap();
    let exit = events.iter().find(|event| event["type"] == "exit");
    exit.map_or(Value::Null, |event| event["request"]["exit_event"].clone())
}

/// What the machine wrote, and where to go on.
pub(crate) async fn logs(caller: &Caller, machine: &str, token: &str) -> (Vec<String>, String) {
    let id = machine.rsplit('/').next().unwrap();
    let told = caller.get(&format!("/api/v1/apps/web/logs?instance={id}&next_token={token}")).await;
    let text = |line: &Value| line["attributes"]["message"].as_str().unwrap().to_owned();
    let lines = told["data"].as_array().unwrap().iter().map(text).collect();
    (lines, told["meta"]["next_token"].as_str().unwrap().to_owned())
}

/// Waits until the machine has written these lines.
pub(crate) async fn wrote(caller: &Caller, machine: &str, expected: &[&str]) {
    let until = Instant::now() + PATIENCE;
    loop {
        let (lines, _) = logs(caller, machine, "1").await;
        if lines == expected {
            return;
        }
        assert!(Instant::now() < until, "it wrote {lines:?}, and was to write {expected:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a command inside comes to.
pub(crate) async fn exec(caller: &Caller, machine: &str, body: Value) -> (i64, String, String) {
    let ran = caller.call("POST", &format!("{machine}/exec"), body, 200).await;
    let text = |key: &str| ran[key].as_str().unwrap().to_owned();
    (ran["exit_code"].as_i64().unwrap(), text("stdout"), text("stderr"))
}

/// How many processes of this computer have that word on their command line.
pub(crate) fn processes(word: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|argument| argument == word.as_bytes())).count()
}

/// Waits until so many have it.
pub(crate) async fn until_processes(word: &str, count: usize) {
    let until = Instant::now() + PATIENCE;
    while processes(word) != count {
        assert!(Instant::now() < until, "{} processes have {word}, and not {count}", processes(word));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
