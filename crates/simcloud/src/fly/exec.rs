//! `POST …/{machine}/exec`: a command in a machine, and the whole of what it did.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use machine_core::ErrorKind;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fly::Fly;
use crate::fly::answer::{Refusal, body, invalid, refuse, unready};
use crate::machines::{Ran, Run};
use crate::reply::Reply;

/// The longest that a command may run, and how long it may where nothing is said.
const LONGEST: u64 = 60;

/// What a shell says of a program that is not there.
const MISSING: i32 = 127;

/// `POST …/{machine}/exec`
pub(super) async fn exec(fly: Arc<Fly>, call: Call) -> (Call, Reply) {
    let reply = run(&fly, &call).await.unwrap_or_else(Reply::from);
    (call, reply)
}

async fn run(fly: &Fly, call: &Call) -> Result<Reply, Refusal> {
    let run = read(&body(call)?)?;
    let mut ready = Ok(());
    let told = fly.perform(call, |world, moment, call| {
        match &*world.machine(moment, call)?.state {
            "started" => {}
            state => ready = Err(unready(format!("unable to exec in machine in state '{state}'"))),
        }
        Ok(Reply::nothing())
    });
    if told.status.is_client_error() {
        return Ok(told);
    }
    ready?;
    let Some(machines) = &fly.sim.machines else {
        // A machine that is only its record runs no command, and does not pretend that it did.
        return Err(refuse(400, "unimplemented: exec is not supported on this machine"));
    };
    match machines.exec(call.param("machine"), run).await {
        Ok(Ran { status: None, .. }) => Err(refuse(408, "deadline_exceeded: the command took too long")),
        Ok(Ran { status: Some(status), stdout, stderr }) => Ok(Reply::json(
            200,
            &json!({
                "exit_code": status.code.unwrap_or_else(|| 128 + status.signal.unwrap_or_default()),
                "exit_signal": status.signal.unwrap_or_default(),
                "stdout": String::from_utf8_lossy(&stdout),
                "stderr": String::from_utf8_lossy(&stderr),
            }),
        )),
        Err(error) => match error.context().iter().find(|(key, _)| *key == "exit_code") {
            Some((_, code)) => {
                let code = code.parse().unwrap_or(MISSING);
                let told = json!({"exit_code": code, "exit_signal": 0, "stdout": "", "stderr": error.to_string()});
                Ok(Reply::json(200, &told))
            }
            None if error.kind() == ErrorKind::Conflict => Err(unready("the machine does not run any more")),
            None if error.kind() == ErrorKind::Invalid => Err(invalid(error)),
            None => Err(refuse(500, format!("internal: {error}"))),
        },
    }
}

/// What is to be run. `cmd`, which is old and still sent, is one text.
fn read(body: &Value) -> Result<Run, Refusal> {
    let command = match (body["command"].as_array(), body["cmd"].as_str()) {
        (Some(words), _) if !words.is_empty() => {
            let word = |word: &Value| word.as_str().map(str::to_owned);
            words.iter().map(word).collect::<Option<_>>().ok_or_else(|| invalid("command must be a list of texts"))?
        }
        (_, Some(text)) => split(text).ok_or_else(|| invalid("cmd has a quote that does not end"))?,
        _ => Vec::new(),
    };
    if command.is_empty() {
        return Err(invalid("command is required"));
    }
    let timeout = match &body["timeout"] {
        Value::Null => LONGEST,
        given => given.as_u64().ok_or_else(|| invalid("timeout is no number of seconds"))?,
    };
    let timeout = if timeout == 0 { LONGEST } else { timeout.min(LONGEST) };
    let stdin = Bytes::from(body["stdin"].as_str().unwrap_or_default().to_owned());
    Ok(Run { command, stdin, timeout: Duration::from_secs(timeout) })
}

/// The words of a command line, as a shell tells them apart; nothing else of what a shell does.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(letters.next()?),
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_split_as_a_shell_does() {
        let of = |text: &str| split(text).map(|words| words.join("|"));
        assert_eq!(of("ls -l  /tmp").as_deref(), Some("ls|-l|/tmp"));
        assert_eq!(of(r#"sh -c 'echo "a b"' "c\"d" e\ f ''"#).as_deref(), Some(r#"sh|-c|echo "a b"|c"d|e f|"#));
        assert_eq!(of("a 'b"), None);
        assert_eq!(of(r"a\"), None);
        assert_eq!(of("  ").as_deref(), Some(""));
    }
}
