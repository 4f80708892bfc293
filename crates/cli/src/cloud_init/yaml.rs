//! Writing YAML that every reader takes in the same way.
//!
//! cloud-init reads YAML 1.1, other tools 1.2, and a plain word may be a truth, a number, a date or a comment to one of them. So every
//! text is in double quotes, in ASCII, with escapes that both versions know. Each key of the top level is on a line of its own, so
//! that lines can follow.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The configuration as a document that cloud-init knows as one.
pub(crate) fn cloud_config(top: &Map<String, Value>) -> String {
    let mut text = "#cloud-config\n".to_owned();
    for (key, value) in top {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{key}: {}", flow(value));
    }
    text
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}: {}", quoted(key), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        let _ = match (letter, u32::from(letter)) {
            ('"' | '\\', _) => write!(quoted, "\\{letter}"),
            ('\n', _) => write!(quoted, "\\n"),
            ('\t', _) => write!(quoted, "\\t"),
            (_, 0x20..=0x7e) => write!(quoted, "{letter}"),
            (_, code @ 0..=0xff) => write!(quoted, "\\x{code:02x}"),
            (_, code @ 0..=0xffff) => write!(quoted, "\\u{code:04x}"),
            (_, code) => write!(quoted, "\\U{code:08x}"),
        };
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was(texts in proptest::collection::vec(any::<String>(), 0..4), key in "[a-z_]{1,8}") {
            let value = json!([texts, {"inner": texts}, true, 5, null]);
            let written = cloud_config(&[(key.clone(), value.clone())].into_iter().collect());
            prop_assert!(written.is_ascii());
            prop_assert_eq!(written.lines().count(), 2);
            let read: Value = serde_yaml::from_str(&written).unwrap();
            prop_assert_eq!(&read[key], &value);
        }
    }
}
