//! Running a command inside a machine.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWrite;

use crate::{EnvVar, ExitStatus, OsText, Result};

/// A command to run inside a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exec {
    /// The program and its arguments; never passed through a shell.
    pub command: Vec<OsText>,
    /// Variables on top of the machine's own.
    pub env: Vec<EnvVar>,
    /// Where it starts; the machine's own default otherwise.
    pub workdir: Option<OsText>,
    /// A terminal of this size, where one is wanted. With a terminal all output is `Stdout`.
    pub tty: Option<WindowSize>,
    /// Whether there will be input. Without it the command reads end-of-file at once.
    pub stdin: bool,
}

impl Exec {
    /// That program with those arguments, without input or a terminal.
    pub fn of<T: Into<OsText>>(command: impl IntoIterator<Item = T>) -> Self {
        Self { command: command.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// A terminal's size in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSize {
    /// Characters in a row.
    pub columns: u16,
    /// Rows on the screen.
    pub rows: u16,
}

/// A signal's number on Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signal(pub i32);

impl Signal {
    /// The terminal went away.
    pub const HANGUP: Self = Self(1);
    /// Ctrl-C.
    pub const INTERRUPT: Self = Self(2);
    /// Ctrl-\.
    pub const QUIT: Self = Self(3);
    /// Cannot be refused.
    pub const KILL: Self = Self(9);
    /// Please end.
    pub const TERMINATE: Self = Self(15);
}

/// What a running command does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExecEvent {
    /// Bytes that it wrote to standard output.
    Stdout(Bytes),
    /// Bytes that it wrote to standard error.
    Stderr(Bytes),
    /// It ended, and this is how. Nothing follows.
    Exited(ExitStatus),
}

/// Where a command's input goes. Shutting it down is the command's end-of-file.
pub type ExecStdin = Pin<Box<dyn AsyncWrite + Send>>;

/// A running command. Dropping it hangs up: the command is sent `SIGHUP`, as by a closed terminal.
pub struct ExecSession {
    /// What it does. The last event of a command whose end is known is [`ExecEvent::Exited`]; a stream that ends
    /// without one means that the outcome is unknown.
    pub events: BoxStream<'static, Result<ExecEvent>>,
    /// Its input, where input was asked for.
    pub stdin: Option<ExecStdin>,
    /// Resize and signal.
    pub control: Arc<dyn ExecControl>,
}

impl std::fmt::Debug for ExecSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExecSession").field("stdin", &self.stdin.is_some()).finish_non_exhaustive()
    }
}

/// What can be done to a running command besides writing to it.
#[async_trait]
pub trait ExecControl: Send + Sync {
    /// Tells its terminal the new size.
    async fn resize(&self, size: WindowSize) -> Result<()>;

    /// Sends it a signal. One that has already ended is left alone, without an error.
    async fn signal(&self, signal: Signal) -> Result<()>;
}
