//! What can be done to a job from outside while it runs: written to it, and said to it.

use std::pin::Pin;
use std::task::{Context, Poll};

use machine_core::{Signal, WindowSize};
use machine_guest::control::ToGuest;
use tokio::io::{AsyncWrite, DuplexStream};
use tokio::sync::mpsc;

/// A job's input. Writing waits while the job does not read; shutting it down is the job's end-of-file. Dropping it
/// without that is end-of-file too.
#[derive(Debug)]
pub struct JobInput(pub(crate) DuplexStream);

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
pub struct JobControl(pub(crate) mpsc::Sender<ToGuest>);

impl JobControl {
    /// Tells the job's terminal its new size.
    pub async fn resize(&self, size: WindowSize) {
        self.send(ToGuest::Resize(size)).await;
    }

    /// Sends the job a signal.
    pub async fn signal(&self, signal: Signal) {
        self.send(ToGuest::Signal(signal)).await;
    }

    /// Ends the job: asks it to end, and kills it after its grace. Its outcome is [`Outcome::Cancelled`](crate::Outcome::Cancelled).
    pub async fn cancel(&self) {
        self.send(ToGuest::Stop).await;
    }

    /// What is said does not matter any more once the job has ended.
    pub(crate) async fn send(&self, message: ToGuest) {
        let _ = self.0.send(message).await;
    }
}
