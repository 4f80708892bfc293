//! Lines as the cloud tells of them.

use bytes::Bytes;
use jiff::Timestamp;
use machine_core::{LogLine, Stream};

use crate::convert::timestamp;
use crate::wire::answers::LogAttributes;

/// Who wrote a line, where it is the machine's own command.
const APP: &str = "app";

/// The line in our words. The cloud does not tell output from errors, nor whether a line had its end; what its own programs
/// say about the machine is told apart.
pub(super) fn line(told: LogAttributes) -> LogLine {
    let writer = told.meta.as_ref().and_then(|meta| meta["event"]["provider"].as_str());
    let stream = if writer.is_none_or(|writer| writer == APP) { Stream::Stdout } else { Stream::System };
    let text = told.message.unwrap_or_default();
    let text = text.strip_suffix('\n').map(str::to_owned).unwrap_or(text);
    let at = told.timestamp.as_deref().and_then(timestamp).unwrap_or_else(Timestamp::now);
    LogLine { at, stream, text: Bytes::from(text), partial: false }
}

/// A note about the log itself.
pub(super) fn note(text: &'static str) -> LogLine {
    LogLine { at: Timestamp::now(), stream: Stream::System, text: Bytes::from_static(text.as_bytes()), partial: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_commands_own_lines_are_told_from_those_about_the_machine() {
        for (provider, expected) in [("app", Stream::Stdout), ("runner", Stream::System), ("proxy", Stream::System)] {
            let told = json!({"message": "x\n", "timestamp": "2026-01-01T00:00:00.5Z", "meta": {"event": {"provider": provider}}});
            let line = line(serde_json::from_value(told).unwrap());
            assert_eq!((line.stream, line.text.as_ref(), line.at.as_millisecond() % 1_000), (expected, &b"x"[..], 500));
        }
        assert_eq!(line(LogAttributes::default()).stream, Stream::Stdout);
    }
}
