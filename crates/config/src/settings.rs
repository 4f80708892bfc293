//! Effective settings: what holds in the end, and where each value came from.

use serde_json::Value as Json;
use serde_yaml::Value;

use crate::path::{Path, Step};
use crate::schema;
use crate::section::{Origin, Section};

/// One setting that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Where it stands below its section: `mounts[0]`.
    pub key: String,
    /// Its value; nothing for a secret.
    pub value: Option<Json>,
    /// Where it came from.
    pub origin: Origin,
}

impl Section {
    /// Every setting that holds, defaults that the kind tells of included, in the order of the keys. Secrets are hidden.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        self.collect(self.values(), &Path::default(), &mut settings);
        let stated = |key: &str| self.values().get(key).is_some();
        for (key, schema) in self.schema()["properties"].as_object().into_iter().flatten() {
            let default = schema.get("default").filter(|default| !default.is_null() && !stated(key));
            settings.extend(default.map(|value| Setting {
                key: key.clone(),
                value: Some(value.clone()),
                origin: Origin::Default,
            }));
        }
        settings.sort_by(|one, other| one.key.cmp(&other.key));
        settings
    }

    fn collect(&self, value: &Value, path: &Path, settings: &mut Vec<Setting>) {
        match value {
            Value::Mapping(entries) if !entries.is_empty() && !self.hides(path) => {
                for (key, value) in entries {
                    self.collect(value, &path.key(key.as_str().unwrap_or_default()), settings);
                }
            }
            Value::Sequence(items) if !items.is_empty() && !self.hides(path) => {
                for (index, item) in items.iter().enumerate() {
                    self.collect(item, &path.step(Step::Index(index)), settings);
                }
            }
            _ if path.0.is_empty() => {}
            value => settings.push(Setting {
                key: path.to_string(),
                value: (!self.hides(path)).then(|| serde_json::to_value(value).unwrap_or(Json::Null)),
                origin: self.origin(path),
            }),
        }
    }

    /// Whether the value at `path` is secret, or may be: a key that nobody knows may be a secret whose name is misspelt.
    fn hides(&self, path: &Path) -> bool {
        !path.0.is_empty() && (schema::is_secret(self.schema(), path) || schema::at(self.schema(), path).is_empty())
    }
}
