//! The job's output on its way into the log: collected into frames, held back for a client that does not keep up.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use crate::frame::{Encoder, JobKey, Kind, MAX_PAYLOAD};

/// The longest that output waits for more, so that a frame is worth its head.
const LINGER: Duration = Duration::from_millis(20);
/// Encoded bytes that may wait for the log before the job's output is left where it is.
const BACKLOG: usize = 512 * 1024;
/// Bytes that may be on their way to a client that acknowledges. Far less than a log keeps before it rotates away.
const UNACKNOWLEDGED: u64 = 64 * 1024 * 1024;

/// The way into the log.
#[derive(Debug)]
pub(super) struct Output {
    encoder: Encoder,
    /// Encoded, not in the log yet; the first `written` bytes are.
    backlog: Vec<u8>,
    written: usize,
    /// What waits for more of the same stream.
    waiting: Vec<u8>,
    waiting_kind: Kind,
    flushed: Option<Instant>,
    /// The number of each frame on its way, and how many bytes had been sent with it.
    on_the_way: VecDeque<(u64, u64)>,
    sent: u64,
    acknowledged: u64,
    hold: bool,
    broken: bool,
}

impl Output {
    /// Frames signed with `key`, written to standard output.
    pub(super) fn new(key: JobKey) -> io::Result<Self> {
        let log = rustix::stdio::stdout();
        // So that a log that takes nothing for a while stops neither the job's limits nor its clients.
        fcntl_setfl(log, fcntl_getfl(log)? | OFlags::NONBLOCK)?;
        Ok(Self {
            encoder: Encoder::new(key),
            backlog: Vec::new(),
            written: 0,
            waiting: Vec::new(),
            waiting_kind: Kind::Stdout,
            flushed: None,
            on_the_way: VecDeque::new(),
            sent: 0,
            acknowledged: 0,
            hold: false,
            broken: false,
        })
    }

    /// Whether output is held back for whoever acknowledges it.
    pub(super) fn hold_back(&mut self, hold: bool) {
        self.hold = hold;
    }

    /// Every frame up to `number` has arrived.
    pub(super) fn acknowledge(&mut self, number: u64) {
        while let Some(&(_, sent)) = self.on_the_way.front().filter(|&&(frame, _)| frame <= number) {
            self.acknowledged = sent;
            self.on_the_way.pop_front();
        }
    }

    /// Whether the job's output may be read.
    pub(super) fn wants_more(&self) -> bool {
        self.waits_for_log() < BACKLOG && !(self.hold && self.sent - self.acknowledged >= UNACKNOWLEDGED)
    }

    /// How many bytes of a stream may be read at once.
    pub(super) fn room(&self, kind: Kind) -> usize {
        if kind == self.waiting_kind { MAX_PAYLOAD - self.waiting.len() } else { MAX_PAYLOAD }
    }

    /// Takes in bytes that the job wrote. The first after a pause go at once, those that follow soon wait for each other.
    /// What was read first is told first, whichever stream it came from: a terminal shows both.
    pub(super) fn push(&mut self, kind: Kind, bytes: &[u8]) {
        if kind != self.waiting_kind {
            self.frame_waiting();
            self.waiting_kind = kind;
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= MAX_PAYLOAD {
            self.flush();
        } else {
            self.flush_due();
        }
    }

    /// When output that waits for more has waited long enough.
    pub(super) fn due(&self) -> Option<Instant> {
        self.flushed.filter(|_| !self.waiting.is_empty()).map(|flushed| flushed + LINGER)
    }

    /// Makes frames of what has waited long enough.
    pub(super) fn flush_due(&mut self) {
        if self.flushed.is_none_or(|flushed| flushed.elapsed() >= LINGER) {
            self.flush();
        }
    }

    /// Makes a frame of all there is, and writes it behind those before it.
    pub(super) fn flush(&mut self) {
        if !self.waiting.is_empty() {
            self.frame_waiting();
            self.flushed = Some(Instant::now());
        }
        self.write();
    }

    fn frame_waiting(&mut self) {
        let mut bytes = std::mem::take(&mut self.waiting);
        if !bytes.is_empty() {
            self.frame(self.waiting_kind, &bytes);
            bytes.clear();
        }
        // The buffer is used again: it grows to a frame's size once.
        self.waiting = bytes;
    }

    /// Sends one frame of its own, after all output so far.
    pub(super) fn say(&mut self, kind: Kind, payload: &[u8]) {
        self.flush();
        self.frame(kind, payload);
        self.write();
    }

    fn frame(&mut self, kind: Kind, payload: &[u8]) {
        self.encoder.encode(kind, payload, &mut self.backlog);
        self.sent += payload.len() as u64;
        self.on_the_way.push_back((self.encoder.last(), self.sent));
        if !self.hold {
            self.on_the_way.clear();
            self.acknowledged = self.sent;
        }
    }

    /// How many encoded bytes wait for the log.
    pub(super) fn waits_for_log(&self) -> usize {
        self.backlog.len() - self.written
    }

    /// Writes what the log takes.
    pub(super) fn write(&mut self) {
        while let Some(rest) = self.backlog.get(self.written..).filter(|rest| !rest.is_empty() && !self.broken) {
            match rustix::io::write(rustix::stdio::stdout(), rest) {
                Ok(written) => self.written += written,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    // What is written already need not be kept; moving it each time would be slow.
                    if self.written >= BACKLOG {
                        self.backlog.drain(..self.written);
                        self.written = 0;
                    }
                    return;
                }
                // Whoever kept the log is gone, and the machine with it: nobody is left to tell.
                Err(_) => self.broken = true,
            }
        }
        self.backlog.clear();
        self.written = 0;
    }
}
