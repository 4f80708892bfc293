//! Between code that blocks (archives) and code that does not (connections): a bounded queue of pieces.

use std::io::{self, Read, Write};

use bytes::Bytes;
use tokio::sync::mpsc;

/// The size of a piece. Together with [`PIECES`] the most memory that a transfer takes.
const PIECE: usize = 128 * 1024;
/// The most pieces in a queue.
const PIECES: usize = 8;

/// The blocking end that is written to.
#[derive(Debug)]
pub(crate) struct PieceWriter {
    pieces: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
}

/// The blocking end that is read from.
#[derive(Debug)]
pub(crate) struct PieceReader {
    pieces: mpsc::Receiver<Bytes>,
    current: Bytes,
}

/// A queue to be filled by blocking code.
pub(crate) fn to_async() -> (PieceWriter, mpsc::Receiver<Bytes>) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (PieceWriter { pieces: sender, buffer: Vec::with_capacity(PIECE) }, receiver)
}

/// A queue to be emptied by blocking code.
pub(crate) fn to_blocking() -> (mpsc::Sender<Bytes>, PieceReader) {
    let (sender, receiver) = mpsc::channel(PIECES);
    (sender, PieceReader { pieces: receiver, current: Bytes::new() })
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.buffer.len());
        self.buffer.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        if self.buffer.len() == PIECE {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE));
        self.pieces.blocking_send(piece.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let taken = buffer.len().min(self.current.len());
        let piece = self.current.split_to(taken);
        buffer[..taken].copy_from_slice(&piece);
        Ok(taken)
    }
}
