//! Output of a machine on its way to ours, without ever keeping the event loop from a signal.
//!
//! Writing to a pipe that nobody reads blocks for as long as nobody reads. One thread does that, fed through a short
//! queue: when the queue is full, whoever fills it waits, and so in the end does the job.

use bytes::Bytes;
use machine_core::{Error, ErrorKind};
use rustix::io::Errno;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use crate::failure::Failure;
use crate::streams::{Streams, Target};

/// How many pieces of output may wait. A piece has at most 64 KiB or so, which bounds our memory.
const WAITING: usize = 32;

/// A thread that writes to our two streams, in the order in which it is told.
#[derive(Debug)]
pub(crate) struct Pump {
    queue: mpsc::Sender<(Target, Bytes)>,
    /// Taken once it is known how it ended.
    thread: Option<JoinHandle<Result<(), Errno>>>,
}

impl Pump {
    /// Starts the thread. Needs a runtime.
    pub(crate) fn start(streams: &Streams) -> Self {
        let streams = streams.clone();
        let (queue, mut waiting) = mpsc::channel::<(Target, Bytes)>(WAITING);
        let thread = tokio::task::spawn_blocking(move || {
            while let Some((target, bytes)) = waiting.blocking_recv() {
                match streams.write_all(target, &bytes) {
                    // Without standard error a job can still do its work.
                    Ok(()) => {}
                    Err(_) if target == Target::Stderr => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        });
        Self { queue, thread: Some(thread) }
    }

    /// Hands over a piece of output; waits while too much is waiting already.
    ///
    /// # Errors
    /// As [`Pump::finish`], once standard output cannot be written to any more.
    pub(crate) async fn write(&mut self, target: Target, bytes: Bytes) -> Result<(), Failure> {
        match self.queue.send((target, bytes)).await {
            Ok(()) => Ok(()),
            Err(_) => self.end().await.and(Err(Failure::Closed)),
        }
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// [`Failure::Closed`] where nobody reads standard output any more; else what the system says. What
    /// [`Pump::write`] has told already is not told again.
    pub(crate) async fn finish(self) -> Result<(), Failure> {
        let Self { queue, thread } = self;
        drop(queue);
        match thread {
            Some(thread) => ended(thread.await),
            None => Ok(()),
        }
    }

    async fn end(&mut self) -> Result<(), Failure> {
        match self.thread.take() {
            Some(thread) => ended(thread.await),
            None => Ok(()),
        }
    }
}

fn ended(thread: Result<Result<(), Errno>, JoinError>) -> Result<(), Failure> {
    match thread {
        Ok(written) => written.map_err(Failure::output),
        Err(_) => Err(Error::new(ErrorKind::System, "the thread that writes the output ended early").into()),
    }
}
