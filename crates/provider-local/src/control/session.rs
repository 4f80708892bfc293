//! Running a command inside a machine: its streams are handed to init, so that no byte of them passes through anybody.

use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use machine_core::{
    Effect, Error, ErrorKind, Exec, ExecControl, ExecEvent, ExecSession, ExitReason, ExitStatus, Result, Signal,
    WindowSize,
};
use rustix::pipe::PipeFlags;
use tokio::io::AsyncWrite;
use tokio::net::unix::pipe::{Receiver, Sender};

use super::connection::Connection;
use super::terminal::{self, Terminal, TerminalInput};
use crate::framing::Inbox;
use crate::wire::{ExecRequest, Reply, Request};

/// How much output is taken at once: what a pipe holds.
const CHUNK: usize = 64 * 1024;
/// How long a command may take until it is executed.
const START: Duration = Duration::from_secs(30);
/// How long what a terminal has taken may take to show on its master side: the kernel moves it in its own time.
const LINGER: Duration = Duration::from_millis(50);
/// How many pieces of it are waited for, so that one who goes on writing cannot keep the end from being told.
const LINGERS: u32 = 64;
/// What a shell says of a program that is missing.
const MISSING: i32 = 127;

/// Runs `command` over `connection`. For a program that is missing, `advise` may know what to do.
///
/// # Errors
/// [`ErrorKind::System`] and [`ErrorKind::Protocol`] when init does not answer or refuses for reasons that are not the command's.
pub(crate) async fn exec(
    connection: Connection,
    command: Exec,
    advise: impl FnOnce() -> Option<String>,
) -> Result<ExecSession> {
    let system = |error: std::io::Error| Error::io("cannot make the command's pipes", error);
    let (mut ours, theirs) =
        if command.tty.is_some() { (Streams::default(), Vec::new()) } else { pipes(command.stdin).map_err(system)? };
    let request = Request::Exec(ExecRequest {
        command: command.command,
        env: command.env,
        workdir: command.workdir,
        tty: command.tty,
    });
    let fds: Vec<_> = theirs.iter().map(OwnedFd::as_fd).collect();
    connection.send(&request, &fds).await?;
    // From here on init alone holds the other ends.
    drop(theirs);
    let mut inbox = Inbox::default();
    let mut terminal: Option<Arc<Terminal>> = None;
    let started = tokio::time::timeout(START, connection.receive(&mut inbox)).await.map_err(|_| {
        let message = format!("the machine did not start the command within {} s", START.as_secs());
        Error::new(ErrorKind::Timeout, message).with_effect(Effect::Unknown)
    })?;
    let ended = match started? {
        Some((Reply::Started, fds)) => {
            if command.tty.is_some() {
                let master = fds.into_iter().next().ok_or_else(|| {
                    Error::new(ErrorKind::Protocol, "the machine's init made no terminal for the command")
                })?;
                let (output, to_resize, input) = terminal::split(master).map_err(system)?;
                ours = Streams {
                    stdin: command.stdin.then_some(Input::Terminal(input)),
                    stdout: Some(output),
                    stderr: None,
                };
                terminal = Some(to_resize);
            }
            None
        }
        Some((Reply::Failed { message, code: Some(code) }, _)) => {
            let advice = if code == MISSING { advise() } else { None };
            let message = [message].into_iter().chain(advice).collect::<Vec<_>>().join("; ");
            Some(ExitStatus {
                code: Some(code),
                message: Some(message),
                ..ExitStatus::unknown(ExitReason::SetupFailed)
            })
        }
        Some((Reply::Failed { message, code: None }, _)) => {
            return Err(Error::new(ErrorKind::System, format!("the machine cannot run the command: {message}")));
        }
        Some((reply, _)) => {
            return Err(Error::new(ErrorKind::Protocol, format!("the machine's init answers out of turn: {reply:?}")));
        }
        None => return Err(Error::new(ErrorKind::Conflict, "the machine ended before the command started")),
    };
    let connection = Arc::new(connection);
    let running = Running {
        stdout: ours.stdout,
        stderr: ours.stderr,
        lingers: if terminal.is_some() { LINGERS } else { 0 },
        connection: HangUp(Arc::clone(&connection)),
        inbox,
        ended,
        over: false,
    };
    Ok(ExecSession {
        events: futures::stream::unfold(running, Running::next).boxed(),
        stdin: ours.stdin.map(|stdin| Box::pin(stdin) as machine_core::ExecStdin),
        control: Arc::new(Control { connection, terminal }),
    })
}

#[derive(Default)]
struct Streams {
    stdin: Option<Input>,
    stdout: Option<Receiver>,
    stderr: Option<Receiver>,
}

/// Our ends, and the command's: input, output, errors.
fn pipes(stdin: bool) -> std::io::Result<(Streams, Vec<OwnedFd>)> {
    let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC);
    let (input, our_input) = if stdin {
        let (read, write) = pipe()?;
        (read, Some(Input::Pipe(Some(Sender::from_owned_fd(write)?))))
    } else {
        (std::fs::File::open("/dev/null")?.into(), None)
    };
    let (our_output, output) = pipe()?;
    let (our_errors, errors) = pipe()?;
    let ours = Streams {
        stdin: our_input,
        stdout: Some(Receiver::from_owned_fd(our_output)?),
        stderr: Some(Receiver::from_owned_fd(our_errors)?),
    };
    Ok((ours, vec![input, output, errors]))
}

/// A running command, as the stream of its events holds it.
struct Running {
    stdout: Option<Receiver>,
    stderr: Option<Receiver>,
    /// How many more pieces of a terminal's output may come after the end.
    lingers: u32,
    connection: HangUp,
    inbox: Inbox,
    ended: Option<ExitStatus>,
    over: bool,
}

/// Ends the conversation when the events are no longer wanted, whoever else holds the session's other parts.
struct HangUp(Arc<Connection>);

impl Drop for HangUp {
    fn drop(&mut self) {
        self.0.hang_up();
    }
}

enum Seen {
    Stdout(std::io::Result<Bytes>),
    Stderr(std::io::Result<Bytes>),
    Reply(Result<Option<(Reply, Vec<OwnedFd>)>>),
}

impl Running {
    /// The next event. What was read before the future is dropped is not lost: only whole reads leave it.
    async fn next(mut self) -> Option<(Result<ExecEvent>, Self)> {
        while !self.over {
            if let Some(event) = self.after_the_end().await {
                return Some((Ok(event), self));
            }
            // Polled in random order, so that a flood on one stream does not silence the others.
            let seen = tokio::select! {
                bytes = read(self.stdout.as_ref()), if self.stdout.is_some() => Seen::Stdout(bytes),
                bytes = read(self.stderr.as_ref()), if self.stderr.is_some() => Seen::Stderr(bytes),
                reply = self.connection.0.receive(&mut self.inbox) => Seen::Reply(reply),
            };
            match seen {
                Seen::Stdout(Ok(bytes)) if !bytes.is_empty() => return Some((Ok(ExecEvent::Stdout(bytes)), self)),
                Seen::Stderr(Ok(bytes)) if !bytes.is_empty() => return Some((Ok(ExecEvent::Stderr(bytes)), self)),
                // Closed, or as good as that: how it ended is for init to say.
                Seen::Stdout(_) => self.stdout = None,
                Seen::Stderr(_) => self.stderr = None,
                Seen::Reply(Ok(Some((Reply::Exited(status), _)))) => self.ended = Some(status),
                // Nothing else is said after the start, and an unknown word must not end the command.
                Seen::Reply(Ok(Some(_))) => {}
                Seen::Reply(Ok(None)) => {
                    let error = Error::new(ErrorKind::Conflict, "the machine ended while the command ran");
                    self.over = true;
                    return Some((Err(error.with_hint("how the command ended is not known")), self));
                }
                Seen::Reply(Err(error)) => {
                    self.over = true;
                    return Some((Err(error), self));
                }
            }
        }
        None
    }

    /// Once the command has ended: what is still in its pipes, and then its end. Others that hold the pipes (what it left in
    /// the background) are not waited for.
    async fn after_the_end(&mut self) -> Option<ExecEvent> {
        self.ended.as_ref()?;
        while self.lingers > 0 {
            self.lingers -= 1;
            match tokio::time::timeout(LINGER, read(self.stdout.as_ref())).await {
                Ok(Ok(bytes)) if !bytes.is_empty() => return Some(ExecEvent::Stdout(bytes)),
                _ => (self.stdout, self.lingers) = (None, 0),
            }
        }
        if let Some(bytes) = self.stdout.as_ref().and_then(rest) {
            self.stdout = None;
            return Some(ExecEvent::Stdout(bytes));
        }
        if let Some(bytes) = self.stderr.as_ref().and_then(rest) {
            self.stderr = None;
            return Some(ExecEvent::Stderr(bytes));
        }
        self.over = true;
        self.ended.take().map(ExecEvent::Exited)
    }
}

async fn read(pipe: Option<&Receiver>) -> std::io::Result<Bytes> {
    let Some(pipe) = pipe else { return Ok(Bytes::new()) };
    loop {
        pipe.readable().await?;
        let mut buffer = BytesMut::with_capacity(CHUNK);
        match pipe.try_read_buf(&mut buffer) {
            Ok(_) => return Ok(buffer.freeze()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// What is in the pipe at this moment and no more, so that one who goes on writing cannot keep the end from being told.
fn rest(pipe: &Receiver) -> Option<Bytes> {
    let length = usize::try_from(rustix::io::ioctl_fionread(pipe).ok()?).ok()?;
    let mut buffer = BytesMut::zeroed(length);
    let mut filled = 0;
    while filled < length {
        match rustix::io::read(pipe, &mut buffer[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(count) => filled += count,
        }
    }
    buffer.truncate(filled);
    (!buffer.is_empty()).then(|| buffer.freeze())
}

/// The command's input. Shutting it down is its end-of-file.
enum Input {
    Pipe(Option<Sender>),
    Terminal(TerminalInput),
}

impl AsyncWrite for Input {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Pipe(Some(pipe)) => Pin::new(pipe).poll_write(context, bytes),
            Self::Pipe(None) => Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into())),
            Self::Terminal(terminal) => terminal.poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Pipe(pipe) => {
                *pipe = None;
                Poll::Ready(Ok(()))
            }
            Self::Terminal(terminal) => terminal.poll_end(context),
        }
    }
}

/// What can be done to the command besides writing to it.
struct Control {
    connection: Arc<Connection>,
    terminal: Option<Arc<Terminal>>,
}

#[async_trait]
impl ExecControl for Control {
    async fn resize(&self, size: WindowSize) -> Result<()> {
        match &self.terminal {
            Some(terminal) => terminal.resize(size).map_err(|error| Error::io("cannot resize the terminal", error)),
            None => Err(Error::new(ErrorKind::Invalid, "the command has no terminal to resize")),
        }
    }

    async fn signal(&self, signal: Signal) -> Result<()> {
        match self.connection.send(&Request::Signal(signal.0), &[]).await {
            // It has ended, and the conversation with it.
            Err(error) if error.kind() == ErrorKind::System => Ok(()),
            other => other,
        }
    }
}
