//! Log lines, whole and cut ones, with nothing lost in silence.

use bytes::Bytes;
use jiff::Timestamp;

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The provider or our supervisor: notes about the log itself, such as lines that were rotated away.
    System,
}

/// One line, or one piece of a line that was too long to keep whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was received by whoever stored it.
    pub at: Timestamp,
    /// Where it came from.
    pub stream: Stream,
    /// Its bytes, without the line feed.
    pub text: Bytes,
    /// Whether no line feed followed: the line goes on in the next piece of the same stream, or the output ended there.
    pub partial: bool,
}

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Go on with new lines until the machine has ended and everything it wrote was delivered.
    pub follow: bool,
    /// Only the last this many lines of what is there already.
    pub tail: Option<usize>,
    /// Only lines received at this time or later.
    pub since: Option<Timestamp>,
}
