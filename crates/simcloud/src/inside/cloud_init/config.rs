//! The merged `#cloud-config`, read leniently, as cloud-init does.

use serde_yaml::{Mapping, Value};

use crate::inside::cloud_init::report::Report;

/// What is configured.
#[derive(Debug, Default)]
pub(super) struct Config(Mapping);

impl Config {
    /// Puts another document over it: what that says wins, but lists are not joined.
    pub(super) fn merge(&mut self, value: Value, report: &Report) {
        match value {
            Value::Mapping(map) => self.0.extend(map),
            Value::Null => {}
            _ => report.error(
                "init",
                "Failed loading yaml blob. Yaml load allows (dict,) root types, but got another instead",
            ),
        }
    }

    /// What is configured by that name.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }
}

/// A single word, or a list of them; numbers and truths count as their text.
pub(super) fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(all) => all.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

/// A value as text, where it is a simple one.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(if *truth { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}

/// Whether it says yes, in one of the words that YAML 1.1 knows.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::String(word) => matches!(&*word.to_ascii_lowercase(), "yes" | "true" | "on" | "1" | "y"),
        Value::Number(number) => number.as_u64().is_some_and(|number| number != 0),
        _ => false,
    }
}
