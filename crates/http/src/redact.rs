//! Bodies as they may be shown in a log.

use serde_json::Value;

/// Keys of requests and answers whose values are nobody's business, in any of the three clouds' spellings.
const SECRET: &[&str] = &[
    "access_token",
    "default_password",
    "env",
    "files",
    "kvm",
    "nonce",
    "password",
    "private_key",
    "raw_value",
    "script",
    "secret",
    "stdin",
    "token",
    "user_data",
];

/// The longest text that is shown of one value.
const LONGEST: usize = 200;

/// The body with everything secret taken out and everything long cut.
pub(crate) fn redacted(value: &Value) -> Value {
    redacted_at(value, LONGEST)
}

/// The body with everything secret taken out, and nothing cut.
pub(crate) fn without_secrets(value: &Value) -> Value {
    redacted_at(value, usize::MAX)
}

fn redacted_at(value: &Value, longest: usize) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let hidden = SECRET.contains(&key.as_str()) && !value.is_null();
                (key.clone(), if hidden { Value::from("(hidden)") } else { redacted_at(value, longest) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| redacted_at(item, longest)).collect(),
        Value::String(text) if text.chars().count() > longest => {
            Value::from(format!("{}...", text.chars().take(longest).collect::<String>()))
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden_at_any_depth() {
        let body = json!({
            "name": "web-1", "user_data": "hunter2", "config": {"env": {"TOKEN": "hunter2"}, "files": [{"raw_value": "hunter2"}]},
            "instances": [{"default_password": "hunter2", "label": "x".repeat(500)}], "script": null
        });
        let shown = redacted(&body).to_string();
        assert!(!shown.contains("hunter2") && shown.contains("web-1") && shown.contains("\"script\":null"), "{shown}");
        assert!(shown.len() < 600, "{shown}");
    }
}
