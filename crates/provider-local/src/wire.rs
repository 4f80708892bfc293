//! The protocol of `ctl.sock`, a unix stream socket that the machine's init listens on.
//!
//! Each message is a little-endian `u32` length and that many bytes of JSON, at most [`MAX_MESSAGE`]. File descriptors ride
//! with a message's first byte. One connection is one conversation:
//!
//! - `Exec` (with stdin, stdout, stderr; none with a terminal) -> `Started` (with the terminal's master, where there is one)
//!   -> any number of `Signal` from the client -> `Exited`. A command that cannot be executed gets `Failed` instead of
//!   `Started`. When the client goes away first, the command is sent `SIGHUP`.
//! - `Watch` -> nothing; the connection ends when the machine does.
//! - `Tell` -> nothing; the conversation is over.
//! - `Stop` -> nothing; the connection ends when the machine does.
//! - `Socket` -> `Socket` with an unconnected TCP socket of the machine's network.

use machine_core::{EnvVar, ExitStatus, OsText, WindowSize};
use serde::{Deserialize, Serialize};

/// The largest message: a full argument vector and environment, escaped.
pub(crate) const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// From a client to init.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Run a command.
    Exec(ExecRequest),
    /// Send the running command of this connection a signal.
    Signal(i32),
    /// Tell me when the machine ends.
    Watch,
    /// Send the machine's own command a signal.
    Tell(i32),
    /// End the machine: a signal to its command, and after the grace `SIGKILL` to everything.
    Stop {
        /// The signal; `SIGTERM` otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// How long the command may take, in milliseconds.
        grace_ms: u64,
    },
    /// Give me a socket of the machine's network.
    Socket,
}

/// A command to run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ExecRequest {
    /// The program and its arguments.
    pub(crate) command: Vec<OsText>,
    /// Variables on top of the machine's own.
    pub(crate) env: Vec<EnvVar>,
    /// Where it starts.
    pub(crate) workdir: Option<OsText>,
    /// A terminal of this size.
    pub(crate) tty: Option<WindowSize>,
}

/// From init to a client.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    /// The command runs.
    Started,
    /// The command ended.
    Exited(ExitStatus),
    /// The request cannot be met.
    Failed {
        /// One sentence.
        message: String,
        /// What a shell would put into `$?` (126, 127), where the command is to blame.
        code: Option<i32>,
    },
    /// Here is the socket.
    Socket,
}
