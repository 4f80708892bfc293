//! Bytes as lines.

use bytes::{Bytes, BytesMut};

/// The longest line that is kept whole.
const LONGEST: usize = 64 * 1024;

/// Bytes that come in any pieces, and go as lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    waiting: BytesMut,
}

/// A line, or a piece of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Without its end.
    pub(super) text: Bytes,
    /// Whether it has no end here.
    pub(super) partial: bool,
}

impl Line {
    /// How many bytes it was, with its end.
    pub(super) fn bytes(&self) -> u64 {
        self.text.len() as u64 + u64::from(!self.partial)
    }
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next line that is whole, or too long for that.
    pub(super) fn next(&mut self) -> Option<Line> {
        let end = self.waiting.iter().take(LONGEST).position(|&byte| byte == b'\n');
        if let Some(end) = end {
            let mut text = self.waiting.split_to(end + 1);
            text.truncate(end);
            return Some(Line { text: text.freeze(), partial: false });
        }
        (self.waiting.len() >= LONGEST).then(|| Line { text: self.waiting.split_to(LONGEST).freeze(), partial: true })
    }

    /// What is left where nothing more comes.
    pub(super) fn rest(&mut self) -> Option<Line> {
        let text = self.waiting.split().freeze();
        (!text.is_empty()).then_some(Line { text, partial: true })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(lines: &mut Lines) -> Vec<Line> {
        std::iter::from_fn(|| lines.next()).collect()
    }

    #[test]
    fn a_line_that_is_too_long_comes_in_pieces() {
        let mut lines = Lines::default();
        lines.push(&vec![b'x'; LONGEST + 3]);
        lines.push(b"\ny");
        let seen: Vec<(usize, bool)> = all(&mut lines).iter().map(|line| (line.text.len(), line.partial)).collect();
        assert_eq!(seen, [(LONGEST, true), (3, false)]);
        assert_eq!(lines.rest(), Some(Line { text: "y".into(), partial: true }));
        assert_eq!(lines.rest(), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_whatever_the_pieces(pieces in prop::collection::vec("[a\n]{0,5}", 0..8)) {
            let mut lines = Lines::default();
            let mut seen = String::new();
            let mut bytes = 0;
            let mut take = |line: Line| {
                bytes += line.bytes();
                seen.push_str(std::str::from_utf8(&line.text).unwrap());
                if !line.partial { seen.push('\n') }
            };
            for piece in &pieces {
                lines.push(piece.as_bytes());
                all(&mut lines).into_iter().for_each(&mut take);
            }
            lines.rest().into_iter().for_each(&mut take);
            prop_assert_eq!(bytes, seen.len() as u64);
            prop_assert_eq!(seen, pieces.concat());
        }
    }
}
