//! Values outside of sections, with their variables put in.

use machine_core::Result;
use serde_yaml::Value;

use crate::config::Config;
use crate::expand::expand;
use crate::path::{Path, Step};

/// What becomes of a text with variables in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    /// It stays a text.
    AreTexts,
    /// It is a number where it reads as one.
    AreNumbersToo,
}

impl Config {
    /// The value with its variables put in.
    ///
    /// # Errors
    /// A variable that is not set, with the place where it stands.
    pub(crate) fn settled(&self, value: &Value, path: &Path, variables: Variables) -> Result<Value> {
        match value {
            Value::Mapping(entries) => {
                let settle = |(key, value): (&Value, &Value)| {
                    let path = path.key(key.as_str().unwrap_or_default());
                    Ok((key.clone(), self.settled(value, &path, variables)?))
                };
                entries.iter().map(settle).collect::<Result<_>>().map(Value::Mapping)
            }
            Value::Sequence(items) => {
                let settle = |(index, item)| self.settled(item, &path.step(Step::Index(index)), variables);
                items.iter().enumerate().map(settle).collect::<Result<_>>().map(Value::Sequence)
            }
            Value::String(text) => {
                let expanded = expand(text, self.environment())
                    .map_err(|why| self.document().error(path, format!("`{path}`: {why}")))?;
                let may_be_number = variables == Variables::AreNumbersToo && !expanded.variables.is_empty();
                Ok(match serde_yaml::from_str(&expanded.text) {
                    Ok(number @ Value::Number(_)) if may_be_number => number,
                    _ => Value::String(expanded.text),
                })
            }
            other => Ok(other.clone()),
        }
    }
}
