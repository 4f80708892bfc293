//! Values outside of sections, with their variables put in.

use machine_core::Result;
use serde::de::DeserializeOwned;
use serde_yaml::Value;

use crate::config::Config;
use crate::expand::expand;
use crate::path::{Path, Step};
use crate::section::suggestion;

/// What becomes of a text with variables in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variables {
    /// It stays a text.
    AreTexts,
    /// It is a number where it reads as one.
    AreNumbersToo,
}

impl Config {
    /// Reads the value at `root`, which is no section, as a `T`, its variables put in; and says which keys nobody knows, by their paths.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](machine_core::ErrorKind::Config) with the place of what is not as it has to be, and the nearest word;
    /// `hint` where there is none near.
    pub(crate) fn read_apart<T: DeserializeOwned>(
        &self,
        value: &Value,
        root: &Path,
        variables: Variables,
        hint: Option<&'static str>,
    ) -> Result<(T, Vec<Path>)> {
        let values = self.settled(value, root, variables)?;
        let below = |path: Path| path.0.into_iter().fold(root.clone(), |path, step| path.step(step));
        let (mut unknown, mut track) = (Vec::new(), serde_path_to_error::Track::new());
        let deserializer = serde_path_to_error::Deserializer::new(values, &mut track);
        let mut ignored = |path: serde_ignored::Path<'_>| unknown.push(below(Path::from(&path)));
        let read = T::deserialize(serde_ignored::Deserializer::new(deserializer, &mut ignored));
        let read = read.map_err(|error| {
            let path = below(Path::from(&track.path()));
            let why = error.to_string();
            let placed = self.document().error(&path, format!("`{path}`: {why}"));
            match (suggestion(&why), hint) {
                (Some(near), _) => placed.with_hint(format!("did you mean `{near}`?")),
                (None, Some(hint)) => placed.with_hint(hint),
                (None, None) => placed,
            }
        })?;
        Ok((read, unknown))
    }

    /// The value with its variables put in.
    ///
    /// # Errors
    /// A variable that is not set, with the place where it stands.
    fn settled(&self, value: &Value, path: &Path, variables: Variables) -> Result<Value> {
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
