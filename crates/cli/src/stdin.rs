//! Our standard input on its way to a job.

use machine_core::{Error, ErrorKind, Result};
use rustix::io::Errno;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;

use crate::printer::Printer;
use crate::streams::Streams;

/// How much is read at a time. Small, because what was read and not taken by the job is lost to whoever shares our input.
const PIECE: usize = 16 * 1024;

/// Whether the job is to have our input: when it was `asked` for, or when somebody piped something in and the job `takes` it. A
/// pipe that nobody asked to be passed on is no reason to refuse a job that cannot take it; a person is told.
pub(crate) fn wanted(printer: &Printer, asked: bool, takes: bool) -> bool {
    let streams = printer.streams();
    if asked || takes {
        return asked || !streams.reads_terminal();
    }
    if streams.reads_data() {
        printer.note("what is piped in is not read: commands of this provider's machines take no input");
    }
    false
}

/// Hands our input to `job` until it ends, or until the job takes no more. Then shuts `job` down, which is its
/// end-of-file.
///
/// A thread does the reading, one piece ahead at most. It is left behind when this future is dropped: nothing can take
/// it out of a read, and the end of the process does not wait for it.
///
/// # Errors
/// Where our input cannot be read. That the job takes no more is none.
pub(crate) async fn forward(streams: &Streams, mut job: impl AsyncWrite + Unpin) -> Result<()> {
    let (pieces, mut waiting) = mpsc::channel::<Result<Vec<u8>, Errno>>(1);
    let streams = streams.clone();
    std::thread::Builder::new()
        .name("stdin".into())
        .spawn(move || read(&streams, &pieces))
        .map_err(|error| Error::io("cannot start a thread for the input", error))?;
    while let Some(piece) = waiting.recv().await {
        let piece = piece.map_err(|error| Error::io("cannot read the input", error.into()))?;
        if job.write_all(&piece).await.is_err() || job.flush().await.is_err() {
            break;
        }
    }
    // A job that is gone has no use for an end-of-file.
    drop(job.shutdown().await);
    Ok(())
}

fn read(streams: &Streams, pieces: &mpsc::Sender<Result<Vec<u8>, Errno>>) {
    loop {
        let mut piece = vec![0; PIECE];
        let outcome = match streams.read(&mut piece) {
            Ok(0) => return,
            Ok(length) => {
                piece.truncate(length);
                Ok(piece)
            }
            Err(error) => Err(error),
        };
        let last = outcome.is_err();
        if pieces.blocking_send(outcome).is_err() || last {
            return;
        }
    }
}

/// Refuses flags that cannot be meant.
///
/// # Errors
/// [`ErrorKind::Invalid`] for `-t` without a terminal on standard input.
pub(crate) fn check_terminal(streams: &Streams, tty: bool) -> Result<()> {
    if tty && !streams.reads_terminal() {
        return Err(Error::new(ErrorKind::Invalid, "`-t` needs a terminal, and standard input is none")
            .with_hint("leave out `-t`; input from a pipe or file reaches the job without it"));
    }
    Ok(())
}
