//! `status`: what machines say of themselves at port 4242, and those that say nothing.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::stage::{DO, Stage};
use crate::support::eventually;

/// A server in a machine: an answer of its own for each check.
const SERVER: &str = r#"
import socket, time, threading
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("0.0.0.0", 4242))
listener.listen(64)
ANSWERS = {
    "cloud-init-status": b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"status\": \"UP\"}\n",
    "bad": b"HTTP/1.0 200 OK\r\n\r\n{status: UP",
    "missing": b"HTTP/1.0 404 Not Found\r\n\r\n{\"status\": \"UP\"}",
}
def serve(connection):
    check = connection.recv(4096).decode().split(" ")[1].rsplit("/", 1)[1]
    if check == "silent":
        time.sleep(60)
    connection.sendall(ANSWERS.get(check, b""))
    connection.close()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;

/// The configuration with that server in machines of the type `box`.
pub(crate) fn with_server(config: &str) -> String {
    let content = serde_json::to_string(SERVER).unwrap();
    let typed = format!(
        "  box:\n    new-user-name: ops\n    write-files: [{{path: /srv/status.py, content: {content}}}]\n    \
         run: [\"(setsid /usr/bin/python3 /srv/status.py > /dev/null 2>&1 &)\"]\n"
    );
    let with = config.replace("  box: {new-user-name: ops}\n", &typed);
    assert_ne!(with, config);
    with
}

#[test]
fn status_asks_the_machine() {
    let stage = Stage::with(DO, &["--speed", "20"]);
    stage.configure(&with_server(&DO.config("")));
    let id = stage.done(&["--quiet", "create", "-n", "host", "-m", "box", "--wait-for-ip"]).trim_end().to_owned();
    let says = |check: &str| {
        let args = ["status", "--id", &id, "--status-check", check, "--timeout", "500ms", "-o", "json"];
        stage.json(&args)[0][check].as_str().unwrap().to_owned()
    };
    eventually("it to be up", || says("cloud-init-status") == "UP");
    assert_eq!(
        stage.done(&["status", "--id", &id]),
        format!("host ({id}):\tmachine-status=active\tcloud-init-status=UP\n")
    );
    for check in ["bad", "missing", "nothing"] {
        assert_eq!(says(check), "UNKNOWN", "{check}");
    }
    let began = Instant::now();
    assert_eq!(says("silent"), "UNKNOWN");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    stage.machine(&["destroy", "--no-confirm", &id]).expect(0);
    stage.end();
}

#[test]
fn status_of_many_at_once() {
    let stage = Stage::new(DO);
    stage.put("/_sim/seed", &json!({"count": 50}));
    let all = ["status", "--all", "--timeout", "1s", "-o", "json"];
    eventually("all to be listed", || stage.json(&["list", "--all", "-o", "json"]).as_array().unwrap().len() == 50);
    let began = Instant::now();
    let shown = stage.json(&all);
    assert!(began.elapsed() < Duration::from_secs(10), "one after the other would take 50 s: {:?}", began.elapsed());
    let shown = shown.as_array().unwrap();
    assert!(shown.len() == 50 && shown.iter().all(|one| one["cloud-init-status"] == "UNKNOWN"), "{shown:?}");
    stage.end();
}
