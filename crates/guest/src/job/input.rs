//! The job's input: what a client sent and the job has not read yet, bounded by the credit that the client was given.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

/// The most bytes that wait for the job.
const WINDOW: usize = 256 * 1024;
/// What a terminal reads as the end of input.
const END_OF_TRANSMISSION: u8 = 4;

/// The job's input.
#[derive(Debug)]
pub(super) struct Input {
    /// Where the job reads; nothing when it takes no more.
    pipe: Option<OwnedFd>,
    terminal: bool,
    waiting: Vec<u8>,
    /// How much of `waiting` the job has taken.
    taken: usize,
    /// How much the client may still send.
    credit: usize,
    ended: bool,
}

impl Input {
    /// Input that waits for a job to come.
    pub(super) fn new(terminal: bool) -> Self {
        Self { pipe: None, terminal, waiting: Vec::new(), taken: 0, credit: 0, ended: false }
    }

    /// The job is there and reads from the other end of `pipe`, which must not block.
    pub(super) fn connect(&mut self, pipe: OwnedFd) {
        self.pipe = Some(pipe);
        self.close_at_end();
    }

    /// Takes in what a client sent. False where it sent more than it may.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(credit) = self.credit.checked_sub(bytes.len()) else { return false };
        self.credit = credit;
        if !self.ended {
            self.waiting.extend_from_slice(bytes);
        }
        true
    }

    /// Nothing more will be sent.
    pub(super) fn end(&mut self) {
        if self.terminal && !self.ended {
            self.waiting.push(END_OF_TRANSMISSION);
        }
        // A terminal has no end but the one that is typed: more may follow.
        self.ended = !self.terminal;
        self.close_at_end();
    }

    /// A new client is there, who knows of no credit.
    pub(super) fn forget_credit(&mut self) {
        self.credit = 0;
    }

    /// How much more the client may send, in pieces that are worth a message.
    pub(super) fn grant(&mut self) -> Option<u32> {
        let more = WINDOW.saturating_sub(self.credit + self.waiting.len() - self.taken);
        if more < WINDOW / 2 {
            return None;
        }
        self.credit += more;
        u32::try_from(more).ok()
    }

    /// What has to be watched for room, while there is something to write.
    pub(super) fn watched(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().filter(|_| self.taken < self.waiting.len()).map(AsFd::as_fd)
    }

    /// Writes what fits. True when the job has just closed its input.
    pub(super) fn write(&mut self) -> bool {
        let Some(pipe) = &self.pipe else { return false };
        while let Some(rest) = self.waiting.get(self.taken..).filter(|rest| !rest.is_empty()) {
            match rustix::io::write(pipe, rest) {
                Ok(written) => self.taken += written,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return false,
                Err(_) => {
                    self.waiting.clear();
                    self.taken = 0;
                    self.ended = true;
                    self.pipe = None;
                    return true;
                }
            }
        }
        self.waiting.clear();
        self.taken = 0;
        self.close_at_end();
        false
    }

    fn close_at_end(&mut self) {
        if self.ended && self.taken == self.waiting.len() {
            self.pipe = None;
        }
    }
}
