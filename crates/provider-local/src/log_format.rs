//! How a line of output is stored: a fixed head of [`HEAD`] bytes, the line's own bytes as they came, a line feed.
//!
//! ```text
//! 2026-11-20T19:46:00.123456Z oF hello
//! |                           ||
//! |                           |`- F: a line feed followed; P: none did (a piece of a longer line, or the very end)
//! |                           `-- o: standard output; e: standard error; s: the supervisor, about the log itself
//! `-- when the chunk that it came in was read, UTC
//! ```
//! The head is fixed, so that a reader needs no parser, and the bytes are raw, so that nothing is lost. A piece never holds a
//! line feed of its own.

use jiff::Timestamp;
use machine_core::Stream;

/// Bytes before a line's own.
pub(crate) const HEAD: usize = 31;
/// The longest piece: longer lines are kept as several. Larger than a frame of job output in its encoded form.
pub(crate) const MAX_PIECE: usize = 64 * 1024;

/// The head for a line of `stream` received at `at`.
pub(crate) fn head(at: Timestamp, stream: Stream, partial: bool) -> [u8; HEAD] {
    let mut head = *b"0000-00-00T00:00:00.000000Z oF ";
    // Fixed width by construction: jiff prints exactly six decimals when asked to.
    let text = format!("{at:.6}");
    let len = text.len().min(27);
    head[..len].copy_from_slice(&text.as_bytes()[..len]);
    head[28] = match stream {
        Stream::Stdout => b'o',
        Stream::Stderr => b'e',
        Stream::System => b's',
    };
    head[29] = if partial { b'P' } else { b'F' };
    head
}

/// What a head says, or nothing where it is none.
pub(crate) fn parse_head(line: &[u8]) -> Option<(Timestamp, Stream, bool)> {
    let head = line.get(..HEAD)?;
    let at = std::str::from_utf8(&head[..27]).ok()?.parse().ok()?;
    let stream = match head[28] {
        b'o' => Stream::Stdout,
        b'e' => Stream::Stderr,
        b's' => Stream::System,
        _ => return None,
    };
    let partial = match head[29] {
        b'P' => true,
        b'F' => false,
        _ => return None,
    };
    (head[27] == b' ' && head[30] == b' ').then_some((at, stream, partial))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back() {
        let at: Timestamp = "2026-11-20T19:46:00.120000Z".parse().unwrap();
        let head = head(at, Stream::Stderr, true);
        assert_eq!(&head, b"2026-11-20T19:46:00.120000Z eP ");
        assert_eq!(parse_head(&head), Some((at, Stream::Stderr, true)));
        assert_eq!(parse_head(b"torn"), None);
    }
}
