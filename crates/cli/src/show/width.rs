//! How much room a text takes on a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Says that there was more.
const MORE: char = '…';

/// How many columns the text takes.
pub(crate) fn of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The text, or as much of it as fits into that many columns.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if of(text) <= width {
        return Cow::Borrowed(text);
    }
    let (mut room, mut cut) = (width.saturating_sub(1), String::new());
    for letter in text.chars() {
        let Some(left) = room.checked_sub(letter.width().unwrap_or(0)) else { break };
        room = left;
        cut.push(letter);
    }
    cut.push(MORE);
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_its_letters_end() {
        assert_eq!(cut("web-1", 5), "web-1");
        assert_eq!(cut("web-10", 5), "web-…");
        assert_eq!(cut("東京都庁", 6), "東京…");
        assert_eq!(cut("東京都庁", 4), "東…");
        assert!(of(&cut("e\u{301}e\u{301}e\u{301}e\u{301}", 3)) <= 3);
    }
}
