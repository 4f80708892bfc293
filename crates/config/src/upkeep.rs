//! Settings that are no provider's: how long machines may stay, and who cleans up.

use machine_core::{Error, ErrorKind, Result};
use serde_yaml::Value;

use crate::config::Config;
use crate::expand::expand;
use crate::path::Path;
use crate::section::{Origin, Section, TTL_KEY};

/// The key of the top level under which stands who cleans up.
pub(crate) const GC_KEY: &str = "gc";
/// The key in it that says that somebody else runs the sweep.
pub(crate) const SCHEDULED_KEY: &str = "scheduled";

/// A text of the file that no provider reads, with the place where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    key: String,
    text: String,
    origin: Origin,
    whereabouts: String,
}

impl Written {
    pub(crate) fn new(key: impl Into<String>, text: String, origin: Origin, whereabouts: String) -> Self {
        Self { key: key.into(), text, origin, whereabouts }
    }

    /// Where it stands in the file: `ttl`, `work.ttl`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is written there, its variables put in.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What is wrong with it, with its place.
    pub fn error(&self, why: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Config, format!("{}: `{}`: {why}", self.whereabouts, self.key))
    }
}

impl Config {
    /// How long a machine of that account may stay where nobody says it for the machine: the section's `ttl:`, else that of the
    /// top level.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where it is no text, or has a variable that is not set.
    pub fn ttl(&self, section: &Section) -> Result<Option<Written>> {
        if let Some(written) = section.ttl()? {
            return Ok(Some(written));
        }
        let path = Path::default().key(TTL_KEY);
        let place = self.document().place(&path);
        let (text, origin) = match self.document().root.get(TTL_KEY) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => {
                let expanded = expand(text, self.environment())
                    .map_err(|why| why.clone().named(self.document().error(&path, format!("`{path}`: {why}"))))?;
                let origin = match (place, expanded.variables.as_slice()) {
                    (Some(place), []) => Origin::File(place),
                    (Some(place), _) => Origin::Variables(place, expanded.variables),
                    (None, _) => Origin::Default,
                };
                (expanded.text, origin)
            }
            Some(Value::Number(number)) => (number.to_string(), place.map_or(Origin::Default, Origin::File)),
            Some(_) => return Err(self.document().error(&path, format!("`{path}` is no length of time, as in `12h`"))),
        };
        Ok(Some(Written::new(TTL_KEY, text, origin, self.document().whereabouts(place))))
    }

    /// Whether the file says that something else than a timer of ours sweeps regularly.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where that is neither true nor false.
    pub fn is_swept_elsewhere(&self) -> Result<bool> {
        let path = Path::default().key(GC_KEY);
        let scheduled = match self.document().root.get(GC_KEY) {
            None | Some(Value::Null) => return Ok(false),
            Some(Value::Mapping(keys)) => keys.get(SCHEDULED_KEY),
            Some(_) => {
                return Err(self.document().error(&path, "`gc` is not a mapping, as in `gc: {scheduled: true}`"));
            }
        };
        let path = path.key(SCHEDULED_KEY);
        let neither = || self.document().error(&path, format!("`{path}` is neither true nor false"));
        match scheduled {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(scheduled)) => Ok(*scheduled),
            Some(Value::String(text)) => {
                let expanded = expand(text, self.environment())
                    .map_err(|why| why.clone().named(self.document().error(&path, format!("`{path}`: {why}"))))?;
                expanded.text.parse().map_err(|_| neither())
            }
            Some(_) => Err(neither()),
        }
    }

    /// Keys of `gc` that nobody knows.
    pub(crate) fn unknown_upkeep(&self) -> Vec<Error> {
        let Some(Value::Mapping(keys)) = self.document().root.get(GC_KEY) else { return Vec::new() };
        let unknown = keys.keys().filter_map(Value::as_str).filter(|key| *key != SCHEDULED_KEY);
        unknown
            .map(|key| {
                let path = Path::default().key(GC_KEY).key(key);
                self.document()
                    .error(&path, format!("unknown key `{key}` in `{GC_KEY}`"))
                    .with_hint(format!("there is: {SCHEDULED_KEY}"))
            })
            .collect()
    }
}
