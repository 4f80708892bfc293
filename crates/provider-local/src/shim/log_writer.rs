//! Cutting what a machine prints into pieces.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use machine_core::Stream;

use super::log_store::LogStore;
use crate::log_format::{HEAD, MAX_PIECE, head};

/// How much is read at once, and about how much is written at once.
const CHUNK: usize = 64 * 1024;
/// After this long without more, the beginning of a line is stored as a piece of its own: somebody may be waiting to see a
/// prompt. Long enough that a program in the middle of a write is not cut by chance.
const QUIET: Duration = Duration::from_secs(1);

/// One of the machine's two output streams.
#[derive(Debug)]
pub(super) struct Source {
    stream: Stream,
    pipe: Option<OwnedFd>,
    /// The beginning of a line whose end has not come. Holds no line feed, and less than [`MAX_PIECE`] bytes.
    pending: Vec<u8>,
    since: Instant,
}

impl Source {
    pub(super) fn new(stream: Stream, pipe: OwnedFd) -> Self {
        Self { stream, pipe: Some(pipe), pending: Vec::new(), since: Instant::now() }
    }

    /// Its pipe, until that has ended.
    pub(super) fn pipe(&self) -> Option<&OwnedFd> {
        self.pipe.as_ref()
    }

    /// When its pending text is to be stored as it is.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.pending.is_empty()).then(|| self.since + QUIET)
    }

    /// Reads once and stores the lines. Says whether there may be more at once.
    pub(super) fn read(&mut self, store: &mut LogStore) -> io::Result<bool> {
        let Some(pipe) = &self.pipe else { return Ok(false) };
        let used = self.pending.len();
        self.pending.resize(used + CHUNK, 0);
        let read = read_some(pipe, &mut self.pending[used..]);
        self.pending.truncate(used + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => {
                self.pipe = None;
                self.flush(store);
                Ok(false)
            }
            Ok(_) => {
                self.since = Instant::now();
                self.store_lines(store);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn store_lines(&mut self, store: &mut LogStore) {
        let now = Timestamp::now();
        let heads = Heads { whole: head(now, self.stream, false), part: head(now, self.stream, true) };
        let mut pieces = Vec::with_capacity(CHUNK + HEAD);
        let mut rest = self.pending.as_slice();
        while let Some(length) = rest.iter().position(|&byte| byte == b'\n') {
            let (mut line, after) = rest.split_at(length);
            rest = &after[1..];
            while line.len() > MAX_PIECE {
                let (piece, more) = line.split_at(MAX_PIECE);
                push(&mut pieces, &heads.part, piece, store);
                line = more;
            }
            push(&mut pieces, &heads.whole, line, store);
        }
        while rest.len() >= MAX_PIECE {
            let (piece, more) = rest.split_at(MAX_PIECE);
            push(&mut pieces, &heads.part, piece, store);
            rest = more;
        }
        if !pieces.is_empty() {
            store.append(&pieces);
        }
        let left = rest.len();
        let done = self.pending.len() - left;
        if left == 0 {
            // An idle machine keeps no buffer.
            self.pending = Vec::new();
        } else {
            self.pending.drain(..done);
        }
    }

    /// Stores what is pending as it is.
    pub(super) fn flush(&mut self, store: &mut LogStore) {
        if self.pending.is_empty() {
            return;
        }
        let mut piece = head(Timestamp::now(), self.stream, true).to_vec();
        piece.extend_from_slice(&self.pending);
        piece.push(b'\n');
        store.append(&piece);
        self.pending = Vec::new();
    }
}

struct Heads {
    whole: [u8; HEAD],
    part: [u8; HEAD],
}

fn push(pieces: &mut Vec<u8>, head: &[u8; HEAD], text: &[u8], store: &mut LogStore) {
    if pieces.len() + HEAD + text.len() > CHUNK && !pieces.is_empty() {
        store.append(pieces);
        pieces.clear();
    }
    pieces.extend_from_slice(head);
    pieces.extend_from_slice(text);
    pieces.push(b'\n');
}

fn read_some(pipe: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::io::read(&pipe, &mut *buffer) {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}
