//! The settings of one account: what its section of the file says, what the environment adds, and where each came from.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use machine_core::{Environment, Error, ErrorKind, OpenContext, Opened, Result, nearest};
use serde::de::DeserializeOwned;
use serde_yaml::{Mapping, Value};

use crate::document::Document;
use crate::expand::expand;
use crate::path::{Path, Step};
use crate::places::Place;
use crate::registry::Kind;
use crate::schema;
use crate::upkeep::Written;

/// The key by which a section says its kind where its name does not.
pub(crate) const KIND_KEY: &str = "kind";

/// The key by which a section says how long machines may stay; every kind has it, and no kind reads it.
pub(crate) const TTL_KEY: &str = "ttl";
/// Keeps these hashes apart from any other use of the same words.
const DIGEST_CONTEXT: &str = "machine 2026 settings of an account";

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It is written in the file.
    File(Place),
    /// It is written in the file, with these environment variables in it.
    Variables(Place, Vec<String>),
    /// This environment variable stands in for it.
    Environment(&'static str),
    /// A flag of the command line stands in for it.
    Flag(&'static str),
    /// Nobody said otherwise.
    Default,
}

/// The settings of one account.
#[derive(Debug, Clone)]
pub struct Section {
    name: String,
    kind: Kind,
    /// Made when it is asked for: most commands never do.
    schema: Arc<OnceLock<serde_json::Value>>,
    document: Arc<Document>,
    values: Value,
    /// What is said under [`TTL_KEY`].
    ttl: Option<Value>,
    /// Of those that are not simply written in the file.
    origins: BTreeMap<Path, Origin>,
}

impl Section {
    /// The settings of the section `name`, which is of that kind; of the environment alone where the file has none.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a section that is no mapping, or a variable that is not set.
    pub(crate) fn resolve(name: &str, kind: Kind, document: Arc<Document>, environment: &Environment) -> Result<Self> {
        let values = match document.root.get(name) {
            None | Some(Value::Null) => Mapping::new(),
            Some(Value::Mapping(values)) => values.clone(),
            Some(_) => {
                let what = format!("`{name}` is not a mapping of settings, as in `{name}: {{key: value}}`");
                return Err(document.error(&Path::default().key(name), what));
            }
        };
        let (name, schema, origins) = (name.to_owned(), Arc::default(), BTreeMap::new());
        let mut section = Self { name, kind, schema, document, values: Value::Null, ttl: None, origins };
        let mut values = section.settle(values, environment)?;
        section.ttl = values.remove(TTL_KEY).filter(|ttl| !ttl.is_null());
        section.values = Value::Mapping(values);
        Ok(section)
    }

    /// Its name in the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which kind of provider it is for.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The same with `value` for `key`, because of that flag of the command line. A kind that has no such setting has nothing
    /// to be told.
    #[must_use]
    pub fn overridden(mut self, key: &str, value: bool, flag: &'static str) -> Self {
        let path = Path::default().key(key);
        if self.takes(&path, "boolean")
            && let Value::Mapping(values) = &mut self.values
        {
            values.insert(key.into(), value.into());
            self.origins.insert(path, Origin::Flag(flag));
        }
        self
    }

    /// Keys that nobody knows, each as an error with its place and the nearest key.
    ///
    /// # Errors
    /// What keeps the section from being used at all.
    pub fn check(&self) -> Result<Vec<Error>> {
        self.kind.check(self)
    }

    /// Opens the provider. Makes no request.
    ///
    /// # Errors
    /// What is wrong with a setting, with its place.
    pub fn open(&self, context: &OpenContext) -> Result<Opened> {
        self.kind.open(self, context)
    }

    /// What tells these settings, the credential among them, from any others: a hash that says nothing of them. `salt` keeps
    /// one computer's hashes apart from another's.
    ///
    /// # Errors
    /// Settings that cannot be written as YAML.
    pub fn digest(&self, salt: &str) -> Result<String> {
        let values = serde_yaml::to_string(&self.values)
            .map_err(|error| Error::new(ErrorKind::Config, format!("the section `{}`: {error}", self.name)))?;
        let mut hasher = blake3::Hasher::new_derive_key(DIGEST_CONTEXT);
        for part in [salt, self.kind.info().kind, &values] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        Ok(hasher.finalize().to_hex().as_str()[..32].to_owned())
    }

    /// The JSON schema that it is read by.
    pub(crate) fn schema(&self) -> &serde_json::Value {
        self.schema.get_or_init(|| self.kind.schema())
    }

    /// The values, settled.
    pub(crate) fn values(&self) -> &Value {
        &self.values
    }

    /// The text of a setting, where it has one.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(Value::as_str)
    }

    /// The texts of a setting that is a text or a list of them.
    pub fn texts(&self, key: &str) -> Vec<&str> {
        match self.values.get(key) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Sequence(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// What the section says of how long machines may stay.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where it is no text.
    pub(crate) fn ttl(&self) -> Result<Option<Written>> {
        let path = Path::default().key(TTL_KEY);
        match &self.ttl {
            None => Ok(None),
            Some(Value::String(text)) => {
                let whereabouts = self.document.whereabouts(self.document.place(&self.in_document(&path)));
                Ok(Some(Written::new(format!("{}.{path}", self.name), text.clone(), self.origin(&path), whereabouts)))
            }
            Some(_) => Err(self.error(&path, format!("`{}.{path}` is no length of time, as in `12h`", self.name))),
        }
    }

    /// Where the setting at `path` came from.
    pub(crate) fn origin(&self, path: &Path) -> Origin {
        let mut above = Some(path.clone());
        while let Some(path) = above {
            if let Some(origin) = self.origins.get(&path) {
                return origin.clone();
            }
            above = path.parent();
        }
        self.document.place(&self.in_document(path)).map_or(Origin::Default, Origin::File)
    }

    /// Keys of the values that a `C` does not know.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn unknown<C: DeserializeOwned>(&self) -> Result<Vec<Error>> {
        let mut unknown = self.read::<C>()?.1;
        // A `C` that is put together of several takes every key, and leaves some of them lying.
        let known = schema::keys(self.schema(), &Path::default());
        let keys = self.values.as_mapping().into_iter().flat_map(Mapping::keys).filter_map(Value::as_str);
        let paths = keys.filter(|key| !known.contains(key)).map(|key| Path::default().key(key));
        let others: Vec<_> = paths.filter(|path| !unknown.contains(path)).collect();
        unknown.extend(others);
        Ok(unknown.iter().map(|path| self.unknown_key(path)).collect())
    }

    /// Reads the values as a `C`; and says what of them it does not take.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with the place of the value that is not as `C` wants it.
    pub(crate) fn read<C: DeserializeOwned>(&self) -> Result<(C, Vec<Path>)> {
        let mut unknown = Vec::new();
        let mut track = serde_path_to_error::Track::new();
        let deserializer = serde_path_to_error::Deserializer::new(&self.values, &mut track);
        let mut ignored = |path: serde_ignored::Path<'_>| unknown.push(Path::from(&path));
        let config = C::deserialize(serde_ignored::Deserializer::new(deserializer, &mut ignored));
        let config = config.map_err(|error| self.misfit(&Path::from(&track.path()), &error.to_string()))?;
        Ok((config, unknown))
    }

    /// The error of a provider that was opened with these settings, with the place of the setting that it names: in the
    /// context of an error, `setting` is a key.
    pub(crate) fn place_error(&self, error: Error) -> Error {
        let Some((_, key)) = error.context().iter().find(|(what, _)| *what == "setting") else { return error };
        let path = key.split('.').fold(Path::default(), |path, key| path.key(key));
        let placed = self.error(&path, format!("`{}.{path}`: {error}", self.name));
        let placed = match error.hint() {
            Some(hint) => placed.with_hint(hint.to_owned()),
            None => placed,
        };
        placed.with_source(error)
    }

    fn settle(&mut self, mut values: Mapping, environment: &Environment) -> Result<Mapping> {
        values.remove(KIND_KEY);
        let mut settled = Mapping::new();
        for (key, value) in values {
            let path = match key.as_str() {
                Some(key) => Path::default().key(key),
                None => Path::default(),
            };
            settled.insert(key, self.settle_value(value, &path, environment)?);
        }
        for setting in self.kind.environment() {
            let Some(value) = environment.get(setting.name).filter(|_| !settled.contains_key(setting.key)) else {
                continue;
            };
            let value = value.to_str().ok_or_else(|| {
                let what = format!("the environment variable `{}` is not valid UTF-8", setting.name);
                Error::new(ErrorKind::Config, what)
            })?;
            let path = Path::default().key(setting.key);
            settled.insert(setting.key.into(), self.typed(value.to_owned(), &path));
            self.origins.insert(path, Origin::Environment(setting.name));
        }
        Ok(settled)
    }

    fn settle_value(&mut self, value: Value, path: &Path, environment: &Environment) -> Result<Value> {
        match value {
            Value::String(text) => self.settle_text(text, path, environment),
            // What is to be a text may look like a number: `image: 2284`. It is taken as it is written.
            Value::Number(_) | Value::Bool(_) if self.is_text(path) => {
                let written = self.document.scalar(&self.in_document(path));
                Ok(written.map_or(value, |written| Value::String(written.to_owned())))
            }
            Value::Sequence(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| self.settle_value(item, &path.step(Step::Index(index)), environment))
                .collect::<Result<_>>()
                .map(Value::Sequence),
            Value::Mapping(entries) => {
                let mut settled = Mapping::new();
                for (key, value) in entries {
                    let path = key.as_str().map_or_else(|| path.clone(), |key| path.key(key));
                    settled.insert(key, self.settle_value(value, &path, environment)?);
                }
                Ok(Value::Mapping(settled))
            }
            other => Ok(other),
        }
    }

    fn settle_text(&mut self, text: String, path: &Path, environment: &Environment) -> Result<Value> {
        let expanded = expand(&text, environment).map_err(|why| {
            let error = self.error(path, format!("`{}.{path}`: {why}", self.name));
            why.named(error.with_hint("set it, or write ${NAME:-default}"))
        })?;
        if expanded.variables.is_empty() {
            return Ok(Value::String(text));
        }
        if let Some(place) = self.document.place(&self.in_document(path)) {
            self.origins.insert(path.clone(), Origin::Variables(place, expanded.variables));
        }
        Ok(self.typed(expanded.text, path))
    }

    /// A text from the environment as what is wanted at `path`, where it reads as such.
    fn typed(&self, text: String, path: &Path) -> Value {
        // What cannot be anything but a text needs no schema, which takes a while to make.
        let (value, kinds): (_, &[&str]) = match serde_yaml::from_str(&text) {
            Ok(number @ Value::Number(_)) => (number, &["integer", "number"]),
            Ok(truth @ Value::Bool(_)) => (truth, &["boolean"]),
            _ => return Value::String(text),
        };
        if kinds.iter().any(|kind| self.takes(path, kind)) { value } else { Value::String(text) }
    }

    fn is_text(&self, path: &Path) -> bool {
        self.takes(path, "string") && !["integer", "number", "boolean"].iter().any(|kind| self.takes(path, kind))
    }

    fn takes(&self, path: &Path, kind: &str) -> bool {
        schema::takes(self.schema(), path, kind)
    }

    /// A value that is not as it is wanted. What is wrong with a secret is said without it.
    fn misfit(&self, path: &Path, why: &str) -> Error {
        let why = if schema::is_secret(self.schema(), path) { "this is not a text" } else { why };
        let place = if path.0.is_empty() { self.name.clone() } else { format!("{}.{path}", self.name) };
        let error = self.error(path, format!("`{place}`: {why}"));
        match suggestion(why) {
            Some(near) => error.with_hint(format!("did you mean `{near}`?")),
            None => error,
        }
    }

    fn unknown_key(&self, path: &Path) -> Error {
        let key = path.last_key().unwrap_or_default();
        let place = path.parent().filter(|above| !above.0.is_empty());
        let place = place.map_or_else(|| self.name.clone(), |above| format!("{}.{above}", self.name));
        let error = self.error(path, format!("unknown key `{key}` in `{place}`"));
        let known = schema::keys(self.schema(), &path.parent().unwrap_or_default());
        error.with_hint(match nearest(key, known.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is: {}", known.join(", ")),
        })
    }

    fn error(&self, path: &Path, what: impl std::fmt::Display) -> Error {
        match self.origin(path) {
            Origin::Environment(variable) => {
                Error::new(ErrorKind::Config, format!("in the environment variable `{variable}`: {what}"))
            }
            Origin::Default if self.document.root.get(&self.name).is_none() => {
                Error::new(ErrorKind::Config, what.to_string())
            }
            _ => self.document.error(&self.in_document(path), what),
        }
    }

    fn in_document(&self, path: &Path) -> Path {
        Path(Path::default().key(&self.name).0.into_iter().chain(path.0.iter().cloned()).collect())
    }
}

/// The nearest known word in a message of serde's form "unknown variant `a`, expected one of `b`, `c`".
pub(crate) fn suggestion(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("unknown ")?;
    let mut words = rest.split('`').skip(1).step_by(2);
    let wanted = words.next()?;
    nearest(wanted, words).first().copied()
}
