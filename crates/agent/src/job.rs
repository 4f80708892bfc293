//! A running job: its events, its input, and how it is ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use machine_core::{Error, ErrorKind, Machine, Result, Signal, WindowSize};
use tokio::io::{AsyncWrite, DuplexStream};
use tokio::sync::mpsc;

use crate::{Copied, Outcome};

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobEvent {
    /// Bytes that it wrote to standard output.
    Stdout(Bytes),
    /// Bytes that it wrote to standard error.
    Stderr(Bytes),
    /// What a person should know, one sentence.
    Note(String),
    /// This many frames of output were lost on the way.
    Lost {
        /// How many; each held at most 32 KiB.
        frames: u64,
    },
    /// It ended, and this is how. Nothing follows.
    Ended(Outcome),
}

/// A running job, as a stream of events whose last is [`JobEvent::Ended`]. Dropping it ends its machine.
#[derive(Debug)]
pub struct Job {
    machine: Machine,
    events: mpsc::Receiver<JobEvent>,
    input: Option<JobInput>,
    control: JobControl,
}

impl Job {
    /// The machine that it runs on, as it was when it was created.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The job's input, once; `None` where it has none.
    pub fn take_input(&mut self) -> Option<JobInput> {
        self.input.take()
    }

    /// A handle for signals, terminal size and cancelling.
    pub fn control(&self) -> JobControl {
        self.control.clone()
    }

    /// The next event; `None` after [`JobEvent::Ended`].
    pub async fn next(&mut self) -> Option<JobEvent> {
        self.events.recv().await
    }

    /// Brings files and the patch back and ends the machine (unless it is to be kept). Events that were not taken are
    /// dropped. The machine is ended even where bringing something back failed; then the error is that first failure.
    ///
    /// # Errors
    /// What could not be fetched or written; a machine that could not be ended.
    pub async fn finish(mut self) -> Result<Finished> {
        while let Some(event) = self.next().await {
            drop(event);
        }
        Err(Error::new(ErrorKind::Unsupported, "finishing is not there yet"))
    }
}

impl Stream for Job {
    type Item = JobEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<JobEvent>> {
        self.events.poll_recv(cx)
    }
}

/// What was left when a job was finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How the job ended.
    pub outcome: Outcome,
    /// What was brought back.
    pub fetched: Copied,
    /// The size of the patch in bytes, where one was asked for. Nothing changed: 0.
    pub patch: Option<u64>,
    /// Whether the machine is still there, because it was to be kept.
    pub kept: bool,
}

/// A job's input. Writing waits while the job does not read; shutting it down is the job's end-of-file. Dropping it
/// without that is end-of-file too.
#[derive(Debug)]
pub struct JobInput(DuplexStream);

impl AsyncWrite for JobInput {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// What can be done to a running job. Doing any of it to a job that has ended is no error and changes nothing.
#[derive(Debug, Clone)]
pub struct JobControl(mpsc::Sender<Command>);

/// What a [`JobControl`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// The terminal has a new size.
    Resize(WindowSize),
    /// Send the job a signal.
    Signal(Signal),
    /// End the job: `SIGTERM`, and `SIGKILL` after its grace.
    Cancel,
}

impl JobControl {
    /// Tells the job's terminal its new size.
    pub async fn resize(&self, size: WindowSize) {
        self.send(Command::Resize(size)).await;
    }

    /// Sends the job a signal.
    pub async fn signal(&self, signal: Signal) {
        self.send(Command::Signal(signal)).await;
    }

    /// Ends the job: asks it to end, and kills it after its grace. Its outcome is [`Outcome::Cancelled`].
    pub async fn cancel(&self) {
        self.send(Command::Cancel).await;
    }

    async fn send(&self, command: Command) {
        // A closed channel means that the job has ended.
        let _ = self.0.send(command).await;
    }
}
