//! What has happened to a machine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fly::answer::{time, version_id};

/// Something that has happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    kind: String,
    status: String,
    source: String,
    at: Timestamp,
    request: Value,
}

/// How the main process of a machine has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Exit {
    pub(super) code: i32,
    /// The signal that it ended by; -1 if by none.
    signal: i32,
    oom: bool,
    /// Whether somebody had asked for the machine to stop.
    pub(super) requested: bool,
}

impl Exit {
    /// By itself, with that code.
    pub(super) fn with_code(code: i32) -> Self {
        Self { code, signal: -1, oom: false, requested: false }
    }

    /// By a signal.
    pub(super) fn by_signal(signal: i32) -> Self {
        Self { code: 128 + signal, signal, ..Self::with_code(0) }
    }

    /// Because there was no memory left.
    pub(super) fn out_of_memory() -> Self {
        Self { oom: true, ..Self::by_signal(9) }
    }

    /// As a real command has ended.
    pub(super) fn real(code: Option<i32>, signal: Option<i32>, oom: bool) -> Self {
        let told = match (code, signal) {
            (_, Some(signal)) => Self::by_signal(signal),
            (code, None) => Self::with_code(code.unwrap_or(-1)),
        };
        Self { oom, ..told }
    }

    /// The same, after somebody had asked for it.
    pub(super) fn on_request(self) -> Self {
        Self { requested: true, ..self }
    }

    /// Because somebody wanted it to: it ends in peace unless it is killed.
    pub(super) fn asked(kill: bool) -> Self {
        Self { requested: true, ..if kill { Self::by_signal(9) } else { Self::with_code(0) } }
    }
}

impl Event {
    /// Somebody has asked for something.
    pub(super) fn asked(kind: &str, status: &str, at: Timestamp) -> Self {
        Self { source: "user".to_owned(), ..Self::happened(kind, status, at) }
    }

    /// Something has come of it.
    pub(super) fn happened(kind: &str, status: &str, at: Timestamp) -> Self {
        Self {
            id: version_id(at),
            kind: kind.to_owned(),
            status: status.to_owned(),
            source: "flyd".to_owned(),
            at,
            request: Value::Null,
        }
    }

    /// The main process has ended.
    pub(super) fn exit(exit: Exit, restarting: bool, restarts: u32, at: Timestamp) -> Self {
        let request = json!({
            "exit_event": {
                "requested_stop": exit.requested,
                "restarting": restarting,
                "guest_exit_code": exit.code,
                "guest_signal": exit.signal,
                "guest_error": "",
                "exit_code": exit.code,
                "signal": exit.signal,
                "error": "",
                "oom_killed": exit.oom,
                "exited_at": time(at),
            },
            "restart_count": restarts,
        });
        Self { request, ..Self::happened("exit", "stopped", at) }
    }

    /// As an answer shows it.
    pub(super) fn show(&self) -> Value {
        let mut shown = json!({
            "id": self.id,
            "type": self.kind,
            "status": self.status,
            "source": self.source,
            "timestamp": self.at.as_millisecond(),
        });
        if !self.request.is_null() {
            shown["request"] = self.request.clone();
        }
        shown
    }
}
