//! One entry of the journal, as `journalctl -o json` writes it.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

/// One entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it stands in the journal.
    pub(super) cursor: String,
    pub(super) at: Timestamp,
    /// As `journalctl` shows it to a person: who says what.
    pub(super) text: Bytes,
}

/// The fields that are read. All are texts, but where a value is not UTF-8 or occurs twice.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "__CURSOR")]
    cursor: String,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    at: String,
    #[serde(rename = "MESSAGE")]
    message: Option<Value>,
    #[serde(rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Value>,
    #[serde(rename = "_COMM")]
    command: Option<Value>,
    #[serde(rename = "_PID")]
    pid: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Bytes(Vec<u8>),
    Several(Vec<String>),
}

impl Value {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
            Self::Several(texts) => texts.join(" ").into_bytes(),
        }
    }
}

/// Reads an entry; `None` for what is none.
pub(super) fn entry(line: &[u8]) -> Option<Entry> {
    let fields: Fields = serde_json::from_slice(line).ok()?;
    let at = Timestamp::from_microsecond(fields.at.parse().ok()?).ok()?;
    let mut text = fields.identifier.or(fields.command).map(Value::bytes).unwrap_or_default();
    if let Some(pid) = fields.pid {
        text.push(b'[');
        text.extend_from_slice(&pid.bytes());
        text.push(b']');
    }
    if !text.is_empty() {
        text.extend_from_slice(b": ");
    }
    // A message that is too long for `journalctl` is null there.
    text.extend_from_slice(&fields.message.map_or_else(|| b"(too long to show)".to_vec(), Value::bytes));
    Some(Entry { cursor: fields.cursor, at, text: text.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_are_written() {
        let read = |fields: &str| {
            let line = format!(r#"{{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1764080000123456",{fields}}}"#);
            let entry = entry(line.as_bytes()).unwrap();
            assert_eq!((entry.cursor.as_str(), entry.at.as_microsecond()), ("s=1;i=2", 1_764_080_000_123_456));
            entry.text
        };
        assert_eq!(read(r#""MESSAGE":"hello","SYSLOG_IDENTIFIER":"sshd","_PID":"42""#), "sshd[42]: hello");
        assert_eq!(read(r#""MESSAGE":[104,255],"_COMM":"x""#), &b"x: h\xff"[..]);
        assert_eq!(read(r#""MESSAGE":["a","b"]"#), "a b");
        assert_eq!(read(r#""MESSAGE":null,"_COMM":"x""#), "x: (too long to show)");
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for line in ["", "-- No entries --", "{}", r#"{"__CURSOR":"c","__REALTIME_TIMESTAMP":"x"}"#] {
            assert_eq!(entry(line.as_bytes()), None, "{line}");
        }
    }
}
