//! `machine run --agent claude` with the real Claude Code, before a model that is played on this computer.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::Home;

/// What the model says.
const WORDS: &str = "Hello from a model that is played";

/// Claude Code, as `.ci/tools` installs it, or whoever has it on PATH. None is a reason to skip, unless everything is required.
#[expect(clippy::print_stdout, reason = "whoever runs the tests learns why one is skipped")]
fn claude() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("claude")).find(|file| file.is_file());
    if found.is_none() {
        let required = std::env::var("MACHINE_REQUIRE").is_ok_and(|what| what == "all");
        assert!(!required, "MACHINE_REQUIRE=all, and there is no `claude`: `.ci/tools` installs it");
        println!("skipped: there is no `claude` on PATH");
    }
    // Where it is in fact: that is what the machine is shown.
    found.map(|file| file.canonicalize().unwrap())
}

/// The requests that a model got, with the credential of each.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A model that always says the same; where it is.
fn model(asked: &Asked) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::clone(asked);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let asked = Arc::clone(&asked);
            // One that breaks off is the other side's affair.
            std::thread::spawn(move || answer(&connection.unwrap(), &asked).ok());
        }
    });
    url
}

fn answer(connection: &TcpStream, asked: &Asked) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let header = |name: &str| {
        let found =
            head.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let line = head.lines().next().unwrap_or_default().to_owned();
    let is_message = line.starts_with("POST /v1/messages");
    asked.lock().unwrap().push((line, header("authorization").unwrap_or_default()));
    let (status, kind, text) = match serde_json::from_slice::<Value>(&body) {
        Ok(body) if is_message && body["stream"] == true => ("200 OK", "text/event-stream", stream()),
        _ => (
            "404 Not Found",
            "application/json",
            r#"{"type":"error","error":{"type":"not_found_error","message":"no"}}"#.to_owned(),
        ),
    };
    let mut connection = connection;
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}

/// One message, as the API streams it.
fn stream() -> String {
    let usage = json!({"input_tokens": 1, "output_tokens": 1});
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "played",
        "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    let events = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORDS}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
    ];
    let line = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    events.iter().map(line).collect()
}

#[test]
fn claude_code_itself_works_in_a_machine() {
    let Some(claude) = claude() else { return };
    let home = Home::new();
    let asked = Asked::default();
    let url = model(&asked);
    let directory = claude.parent().unwrap();
    let mut command = home.command(["run"]);
    command.arg("--mount").arg(directory);
    command.arg("--env").arg(format!("PATH={}:/usr/local/bin:/usr/bin:/bin", directory.display()));
    command.arg("--env").arg(format!("ANTHROPIC_BASE_URL={url}"));
    // Nothing but the model is to be asked.
    command.args(["--env", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "--env", "HOME=/work"]);
    command.args(["--output-format", "stream-json", "--prompt=-say hello"]);
    command.env("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-hunter2").env_remove("ANTHROPIC_API_KEY");
    // It takes its time, on a computer that has other things to do as well.
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (began, result) = (&lines[0], lines.last().unwrap());
    assert_eq!((&began["type"], &began["permissionMode"]), (&"system".into(), &"bypassPermissions".into()), "{out}");
    assert_eq!((&result["type"], &result["result"]), (&"result".into(), &WORDS.into()), "{out}");
    let asked = asked.lock().unwrap();
    assert!(
        asked.iter().any(|(line, token)| line.contains("/v1/messages") && token == "Bearer sk-ant-oat01-hunter2"),
        "{asked:?}"
    );
    assert!(!format!("{out}{err}").contains("hunter2"));
    home.assert_clean();
}
