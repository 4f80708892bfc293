//! The kinds of providers that a program knows.

use std::fmt;

use machine_core::{EnvSetting, Error, ErrorKind, OpenContext, Opened, ProviderInfo, ProviderKind, Result, nearest};
use serde_json::Value;

use crate::path::Path;
use crate::section::{Section, TTL_KEY};
use crate::{schema, whole_schema};

/// The kinds of providers that a program knows. They are named one by one: nothing registers itself.
#[derive(Debug, Clone, Default)]
pub struct Registry(Vec<Kind>);

impl Registry {
    /// One that knows none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind, in place of one of the same name.
    #[must_use]
    pub fn with<K: ProviderKind>(mut self) -> Self {
        self.0.retain(|kind| kind.info.kind != K::INFO.kind);
        self.0.push(Kind::of::<K>());
        self
    }

    /// The kind of that name or alias.
    pub fn get(&self, name: &str) -> Option<&Kind> {
        let named = |kind: &&Kind| kind.info.kind == name;
        let aliased = |kind: &&Kind| kind.aliases.contains(&name);
        self.0.iter().find(named).or_else(|| self.0.iter().find(aliased))
    }

    /// All kinds, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter()
    }

    /// What to say of a name that is no kind; `others` are names that would do too.
    pub(crate) fn unknown<'a>(&'a self, name: &str, others: impl IntoIterator<Item = &'a str>) -> Error {
        let error = Error::new(ErrorKind::Config, format!("there is no provider `{name}`"));
        let known: Vec<&str> = self
            .0
            .iter()
            .flat_map(|kind| std::iter::once(kind.info.kind).chain(kind.aliases.iter().copied()))
            .chain(others)
            .collect();
        error.with_hint(match nearest(name, known.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is: {}", self.0.iter().map(|kind| kind.info.kind).collect::<Vec<_>>().join(", ")),
        })
    }
}

/// A kind of provider whose types are forgotten.
#[derive(Clone)]
pub struct Kind {
    info: ProviderInfo,
    aliases: &'static [&'static str],
    environment: &'static [EnvSetting],
    schema: fn() -> Value,
    check: fn(&Section) -> Result<Vec<Error>>,
    open: fn(&Section, &OpenContext) -> Result<Opened>,
}

impl Kind {
    fn of<K: ProviderKind>() -> Self {
        Self {
            info: K::INFO,
            aliases: K::ALIASES,
            environment: K::ENVIRONMENT,
            schema: schema::of::<K::Config>,
            check: Section::unknown::<K::Config>,
            open: |section, context| {
                let (config, _) = section.read::<K::Config>()?;
                K::open(config, context).map_err(|error| section.place_error(error).with_provider(K::INFO.kind))
            },
        }
    }

    /// Which kind it is.
    pub fn info(&self) -> &ProviderInfo {
        &self.info
    }

    /// Its other names.
    pub fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// The environment variables that it reads.
    pub fn environment(&self) -> &'static [EnvSetting] {
        self.environment
    }

    /// The environment variables that hold a secret of an account; where it has none, all that it reads.
    pub fn credentials(&self) -> Vec<&'static str> {
        let schema = self.schema();
        let secret = |setting: &&EnvSetting| schema::is_secret(&schema, &Path::default().key(setting.key));
        let secrets: Vec<_> = self.environment.iter().filter(secret).map(|setting| setting.name).collect();
        if secrets.is_empty() { self.environment.iter().map(|setting| setting.name).collect() } else { secrets }
    }

    /// The setting that is the secret of an account, with the environment variable that stands in for it; the first where there
    /// are several, and none where it needs no secret.
    pub fn credential(&self) -> Option<EnvSetting> {
        let schema = self.schema();
        let is_secret = |setting: &&EnvSetting| schema::is_secret(&schema, &Path::default().key(setting.key));
        self.environment.iter().find(is_secret).copied()
    }

    /// The JSON schema of its section.
    pub fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        schema["properties"][TTL_KEY] = whole_schema::ttl();
        schema
    }

    /// What is wrong with the section and does not keep it from being used: keys that nobody knows.
    ///
    /// # Errors
    /// What does keep it from being used.
    pub(crate) fn check(&self, section: &Section) -> Result<Vec<Error>> {
        (self.check)(section)
    }

    /// Opens the provider that the section describes.
    ///
    /// # Errors
    /// What is wrong with the section, with its place.
    pub(crate) fn open(&self, section: &Section, context: &OpenContext) -> Result<Opened> {
        (self.open)(section, context)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("info", &self.info).field("aliases", &self.aliases).finish_non_exhaustive()
    }
}
