//! Running a command over a connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use machine_core::{
    Error, ErrorKind, Exec, ExecControl, ExecEvent, ExecSession, ExitReason, ExitStatus, Result, Signal, WindowSize,
};
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::sync::{mpsc, watch};

use crate::Connection;
use crate::command::{self, Line};
use crate::connection::lost;

/// How long the machine may take to begin or to pass on a signal.
const ANSWER: Duration = Duration::from_secs(30);

/// How many pieces of output wait for whoever reads them.
const QUEUE: usize = 16;

/// The longest first line that can tell a process group.
const LONGEST_FIRST: usize = command::GROUP.len() + 12;

/// Standard error, as ssh counts.
const STDERR: u32 = 1;

impl Connection {
    /// Runs a command, with the contract of [`CloudProvider::exec`](machine_core::CloudProvider::exec). Several may run over
    /// one connection; what is not read of one of them holds up all others, until it is read or dropped.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] and [`ErrorKind::Unsupported`] for what cannot be run; else what became of the connection.
    pub async fn exec(self: &Arc<Self>, command: &Exec) -> Result<ExecSession> {
        let Line { line, preamble } = match command::line(command)? {
            // A terminal would show what is written to it, and take some of its characters for keys.
            made if command.tty.is_some() && !made.preamble.is_empty() => {
                let kept = self.keep(made.preamble).await?;
                Line { line: command::sourced(&kept, &made.line), preamble: Vec::new() }
            }
            made => made,
        };
        let channel = self.channel().await?;
        if let Some(size) = command.tty {
            let (columns, rows) = (size.columns.into(), size.rows.into());
            channel.request_pty(false, "xterm-256color", columns, rows, 0, 0, &[]).await.map_err(lost)?;
        }
        let (read, write) = channel.split();
        write.exec(true, line).await.map_err(lost)?;
        if !preamble.is_empty() {
            write.data_bytes(preamble).await.map_err(lost)?;
        }
        let stdin: Option<machine_core::ExecStdin> = if command.stdin {
            Some(Box::pin(write.make_writer()))
        } else {
            // A terminal has no end of its input; there is just nobody who types.
            if command.tty.is_none() {
                write.eof().await.map_err(lost)?;
            }
            None
        };
        let (events, receiver) = mpsc::channel(QUEUE);
        let (group, known) = watch::channel(None);
        let write = Arc::new(write);
        let session =
            Session { connection: Arc::clone(self), write: Arc::clone(&write), group, begin: Some(Vec::new()), events };
        drive(session, read);
        let control = Control { connection: Arc::clone(self), write, group: known };
        let events = futures::stream::unfold(receiver, async |mut receiver| {
            let event = receiver.recv().await?;
            Some((event, receiver))
        });
        Ok(ExecSession { events: events.boxed(), stdin, control: Arc::new(control) })
    }

    /// Puts text into a file in the machine that only our user can read; answers with its path.
    async fn keep(&self, text: Vec<u8>) -> Result<Vec<u8>> {
        let mut channel = self.channel().await?;
        channel.exec(true, command::KEEP).await.map_err(lost)?;
        channel.data_bytes(text).await.map_err(lost)?;
        channel.eof().await.map_err(lost)?;
        let mut path = Vec::new();
        let read = async {
            while let Some(message) = channel.wait().await {
                if let ChannelMsg::Data { data } = message {
                    path.extend_from_slice(&data);
                }
            }
        };
        let late = |_| Error::new(ErrorKind::Timeout, "the machine did not take the command's variables");
        tokio::time::timeout(ANSWER, read).await.map_err(late)?;
        let path = path.trim_ascii_end().to_vec();
        if path.starts_with(b"/") {
            return Ok(path);
        }
        Err(Error::new(ErrorKind::Upstream, "the machine has no room for the command's variables"))
    }

    async fn channel(&self) -> Result<russh::Channel<Msg>> {
        let opened = tokio::time::timeout(ANSWER, self.handle.channel_open_session()).await;
        opened.map_err(|_| Error::new(ErrorKind::Timeout, "the machine's ssh gives no session"))?.map_err(|error| {
            match error {
                russh::Error::ChannelOpenFailure(_) => {
                    Error::new(ErrorKind::Busy, "the machine's ssh gives no more sessions over this connection")
                        .with_source(error)
                }
                error => lost(error),
            }
        })
    }

    /// Sends a signal to a group of processes. Those that have ended are left alone. Over a connection of its own: this one
    /// may be held up by output that nobody reads, which is when signals are wanted.
    async fn signal(&self, group: u32, signal: Signal) -> Result<()> {
        let connection = self.another(ANSWER).await?;
        let mut channel = connection.channel().await?;
        channel.exec(false, command::kill(group, signal)).await.map_err(lost)?;
        let done = async { while channel.wait().await.is_some() {} };
        tokio::time::timeout(ANSWER, done)
            .await
            .map_err(|_| Error::new(ErrorKind::Timeout, "the machine did not say that the signal was sent"))
    }
}

/// Lets the session run beside its reader, to its end or to the reader's.
#[expect(clippy::disallowed_methods, reason = "it ends with the command, or hangs up when nobody reads any more")]
fn drive(session: Session, read: ChannelReadHalf) {
    tokio::spawn(session.run(read));
}

/// A command that runs.
struct Session {
    connection: Arc<Connection>,
    write: Arc<ChannelWriteHalf<Msg>>,
    group: watch::Sender<Option<u32>>,
    /// The beginning of the output, until the number of the process group is read from it.
    begin: Option<Vec<u8>>,
    events: mpsc::Sender<Result<ExecEvent>>,
}

impl Session {
    async fn run(mut self, mut read: ChannelReadHalf) {
        // Output may follow the end of a command, and comes before it here.
        let mut end = None;
        loop {
            let message = tokio::select! {
                message = read.wait() => message,
                () = self.events.closed() => return self.hang_up(read).await,
            };
            let event = match message {
                Some(ChannelMsg::Data { data }) => match self.output(data) {
                    Ok(data) if data.is_empty() => continue,
                    event => event.map(ExecEvent::Stdout),
                },
                Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => Ok(ExecEvent::Stderr(data)),
                Some(ChannelMsg::ExitStatus { exit_status }) => {
                    end = Some(ExitStatus::exited(i32::try_from(exit_status).unwrap_or(i32::MAX)));
                    continue;
                }
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                    end =
                        Some(ExitStatus { signal: number(&signal_name), ..ExitStatus::unknown(ExitReason::Signaled) });
                    continue;
                }
                Some(ChannelMsg::Failure) => Err(Error::new(ErrorKind::Upstream, "the machine's ssh runs no commands")),
                Some(ChannelMsg::Close) | None => {
                    let event = end.map(ExecEvent::Exited).ok_or_else(|| {
                        Error::new(ErrorKind::Network, "the connection ended, and nobody said how the command did")
                    });
                    self.events.send(event).await.ok();
                    return;
                }
                Some(_) => continue,
            };
            let failed = event.is_err();
            if self.events.send(event).await.is_err() || failed {
                return self.hang_up(read).await;
            }
        }
    }

    /// What of the output is the command's own.
    fn output(&mut self, data: Bytes) -> Result<Bytes> {
        let Some(mut begin) = self.begin.take() else { return Ok(data) };
        begin.extend_from_slice(&data);
        let Some(at) = begin.iter().position(|&byte| byte == b'\n') else {
            if begin.len() <= LONGEST_FIRST {
                self.begin = Some(begin);
                return Ok(Bytes::new());
            }
            return Err(not_ours(&begin));
        };
        let group = group(&begin[..at]).ok_or_else(|| not_ours(&begin))?;
        self.group.send_replace(Some(group));
        Ok(Bytes::from(begin).slice(at + 1..))
    }

    /// Tells the command that nobody is there any more, which the machine's ssh does only where there is a terminal.
    async fn hang_up(self, mut read: ChannelReadHalf) {
        let group = *self.group.borrow();
        let tell = async {
            if let Some(group) = group
                && let Err(error) = self.connection.signal(group, Signal::HANGUP).await
            {
                tracing::debug!(%error, "a command was not told that its session is over");
            }
        };
        // What is not taken from this channel holds up all others of the connection.
        let ended = async { while read.wait().await.is_some() {} };
        tokio::select! {
            () = tell => {}
            () = ended => {}
        }
        self.write.close().await.ok();
    }
}

/// The process group that the first line of output tells. Never one that stands for more than the command: 0 would be our own,
/// and 1 everybody.
fn group(first: &[u8]) -> Option<u32> {
    let number = std::str::from_utf8(first).ok()?.trim_end().strip_prefix(command::GROUP)?;
    number.parse().ok().filter(|&group| group > 1)
}

fn not_ours(begin: &[u8]) -> Error {
    let shown: String = String::from_utf8_lossy(begin).chars().take(60).collect();
    let what = format!("the machine's login shell began with {shown:?} and not with our command");
    Error::new(ErrorKind::Protocol, what).with_hint("commands of a shell's start-up files may print nothing")
}

/// What can be done to a command besides writing to it.
struct Control {
    connection: Arc<Connection>,
    write: Arc<ChannelWriteHalf<Msg>>,
    group: watch::Receiver<Option<u32>>,
}

#[async_trait]
impl ExecControl for Control {
    async fn resize(&self, size: WindowSize) -> Result<()> {
        self.write.window_change(size.columns.into(), size.rows.into(), 0, 0).await.map_err(lost)
    }

    async fn signal(&self, signal: Signal) -> Result<()> {
        let mut known = self.group.clone();
        let group = match tokio::time::timeout(ANSWER, known.wait_for(Option::is_some)).await {
            Ok(Ok(group)) => *group,
            // It has ended without having begun.
            Ok(Err(_)) => None,
            Err(_) => return Err(Error::new(ErrorKind::Timeout, "the command has not begun, and hears no signal")),
        };
        // When nobody drives the session any more the command has ended, and its number may be somebody else's.
        match group {
            Some(group) if self.group.has_changed().is_ok() => self.connection.signal(group, signal).await,
            _ => Ok(()),
        }
    }
}

/// The number of a signal on Linux; `None` where ssh has no name for it.
fn number(signal: &Sig) -> Option<i32> {
    Some(match signal {
        Sig::HUP => 1,
        Sig::INT => 2,
        Sig::QUIT => 3,
        Sig::ILL => 4,
        Sig::ABRT => 6,
        Sig::FPE => 8,
        Sig::KILL => 9,
        Sig::USR1 => 10,
        Sig::SEGV => 11,
        Sig::PIPE => 13,
        Sig::ALRM => 14,
        Sig::TERM => 15,
        Sig::Custom(name) if name == "USR2" => 12,
        Sig::Custom(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_of_ours_has_a_group() {
        assert_eq!(group(b"machine-group:4711"), Some(4711));
        assert_eq!(group(b"machine-group:4711\r"), Some(4711));
        for other in
            ["", "4711", "Welcome!", "machine-group:", "machine-group:0", "machine-group:1", "machine-group:-1"]
        {
            assert_eq!(group(other.as_bytes()), None, "{other}");
        }
    }
}
