//! The configuration: which file, which provider, which settings.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use machine_core::{Environment, Error, ErrorKind, Result, nearest};
use serde_yaml::Value;

use crate::agents::{AGENTS_KEY, GIT_KEY};
use crate::budget::BUDGET_KEY;
use crate::document::Document;
use crate::expand::expand;
use crate::machine_types::MACHINES_KEY;
use crate::path::Path;
use crate::places::Place;
use crate::registry::{Kind, Registry};
use crate::section::{KIND_KEY, Section, TTL_KEY};
use crate::upkeep::GC_KEY;

/// The environment variable that names the file.
pub const FILE_VARIABLE: &str = "MACHINE_CONFIG";
/// The environment variable that names the provider.
pub const PROVIDER_VARIABLE: &str = "MACHINE_PROVIDER";
/// The key that names the provider.
const PROVIDER_KEY: &str = "provider";
/// The keys of the top level that are no sections.
pub(crate) const OWN_KEYS: [&str; 7] = [PROVIDER_KEY, BUDGET_KEY, TTL_KEY, GC_KEY, MACHINES_KEY, AGENTS_KEY, GIT_KEY];
/// A section that the older tool of this name knows, and this one has no provider for.
pub(crate) const ABSENT: &str = "gcp";
/// The kind that is used where nobody says anything.
const DEFAULT: &str = "local";

/// The configuration of a program: its file, its environment, and the kinds of providers that it knows.
#[derive(Debug, Clone)]
pub struct Config {
    registry: Registry,
    environment: Environment,
    document: Arc<Document>,
    found: bool,
    outdated: bool,
}

/// Which account is used, and why that one.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its settings.
    pub section: Section,
    /// Why that one.
    pub why: Why,
}

/// Why an account is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The caller named it.
    Asked,
    /// [`PROVIDER_VARIABLE`] names it.
    Variable,
    /// The file's `provider:` names it.
    File(Option<Place>),
    /// The file has no other.
    Only,
    /// Nobody said anything.
    Default,
}

impl Config {
    /// Reads the file that was `asked` for or that [`FILE_VARIABLE`] names, which must exist; else the usual one, which may
    /// be missing: `$XDG_CONFIG_HOME/machine/config.yml`, `~/.config/machine/config.yml`, and the outdated
    /// `~/.machine/config.yml` where there is no such directory as the others are in.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a file that cannot be read, with line and column.
    pub fn load(registry: Registry, environment: Environment, asked: Option<&FilePath>) -> Result<Self> {
        let must_exist = named_file(&environment, asked).is_some();
        let (file, outdated) = chosen_file(&environment, asked);
        Self::read(registry, environment, file, must_exist, outdated)
    }

    /// Reads that file, which may be missing.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn at(registry: Registry, environment: Environment, file: &FilePath) -> Result<Self> {
        Self::read(registry, environment, Some(file.to_owned()), false, false)
    }

    /// Where [`load`](Self::load) looks for the file, whether or not it is there; nothing where nobody says and there is no home.
    pub fn place(environment: &Environment, asked: Option<&FilePath>) -> Option<PathBuf> {
        chosen_file(environment, asked).0
    }

    fn read(
        registry: Registry,
        environment: Environment,
        file: Option<PathBuf>,
        must_exist: bool,
        outdated: bool,
    ) -> Result<Self> {
        let mut config = Self { registry, environment, document: Arc::default(), found: false, outdated };
        let Some(file) = file else { return Ok(config) };
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                config.document = Arc::new(Document::parse(&text, &file)?);
                config.found = true;
                Ok(config)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(config),
            Err(error) => {
                let what = format!("cannot read the configuration file `{}`: {error}", file.display());
                Err(Error::new(ErrorKind::Config, what).with_source(error))
            }
        }
    }

    /// What is written in the file.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// The environment.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The file, where there is one.
    pub fn file(&self) -> Option<&FilePath> {
        self.found.then(|| self.document.file())
    }

    /// Whether the file is where it used to be and should be no more.
    pub fn is_outdated(&self) -> bool {
        self.found && self.outdated
    }

    /// The kinds of providers that the program knows.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether the file says which section is used where nobody else does.
    pub fn says_provider(&self) -> bool {
        self.document.root.contains_key(PROVIDER_KEY)
    }

    /// The names of the file's sections, in its order, each with its kind.
    pub fn sections(&self) -> Vec<(&str, &Kind)> {
        let keys = self.document.root.keys().filter_map(Value::as_str);
        keys.filter_map(|name| Some((name, self.kind_of(name).ok()??))).collect()
    }

    /// Keys of the top level that nobody knows, each as an error with its place and the nearest key.
    pub fn unknown_keys(&self) -> Vec<Error> {
        let known = |key: &str| OWN_KEYS.contains(&key) || key == ABSENT || !matches!(self.kind_of(key), Ok(None));
        let keys = self.document.root.keys().map(|key| key.as_str().unwrap_or_default());
        keys.filter(|key| !known(key))
            .map(|key| {
                let path = Path::default().key(key);
                let error = self.document.error(&path, format!("unknown key `{key}`"));
                let kinds = self.registry.iter().map(|kind| kind.info().kind);
                match nearest(key, kinds.chain(OWN_KEYS)).first() {
                    Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                    None => error.with_hint("a section of another name says its kind, as in `work: {kind: local}`"),
                }
            })
            .chain(self.unknown_upkeep())
            .chain(self.unknown_in_types())
            .chain(self.unknown_in_agents())
            .collect()
    }

    /// Sections that say a kind that nobody knows, by name: they are accounts, and nobody can tell whose.
    pub fn unreadable_sections(&self) -> Vec<(&str, Error)> {
        let keys = self.document.root.keys().filter_map(Value::as_str);
        keys.filter_map(|name| Some((name, self.kind_of(name).err()?))).collect()
    }

    /// The account to use: the one that was `asked` for, else that of [`PROVIDER_VARIABLE`], else that of the file's
    /// `provider:`, else that of its only section, else this computer.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a name that nobody knows, and for a file with several sections that does not choose.
    pub fn choose(&self, asked: Option<&str>) -> Result<Choice> {
        let chosen = |name: &str, why| Ok(Choice { section: self.section(name)?, why });
        if let Some(name) = asked.filter(|name| !name.is_empty()) {
            return chosen(name, Why::Asked);
        }
        if let Some(name) = self.environment.get(PROVIDER_VARIABLE) {
            let name = name.to_string_lossy();
            let from =
                |error: Error| self.rephrase(error, format_args!("in the environment variable `{PROVIDER_VARIABLE}`"));
            return chosen(&name, Why::Variable).map_err(from);
        }
        if let Some((name, place)) = self.written_provider()? {
            let from = |error: Error| self.rephrase(error, self.document.whereabouts(place));
            return chosen(&name, Why::File(place)).map_err(from);
        }
        let mut sections = self.sections();
        if let Some((name, kind)) = self.document.root.contains_key(ABSENT).then(|| sections.first()).flatten().copied()
        {
            // It counts, so that a file with two accounts does not choose one of them by itself.
            sections.push((name, kind));
        }
        match sections.as_slice() {
            [] if self.document.root.contains_key(ABSENT) => Err(self.absent()),
            [] => chosen(DEFAULT, Why::Default),
            [(only, _)] => chosen(only, Why::Only),
            several => {
                let mut names = several.iter().map(|(name, _)| *name).collect::<Vec<_>>();
                if self.document.root.contains_key(ABSENT) {
                    names.pop();
                    names.push(ABSENT);
                }
                let what =
                    format!("several providers are configured ({}), and nothing says which to use", names.join(", "));
                Err(self.document.error(&Path::default(), what).with_hint(format!(
                    "write `provider: {}` at the top of the file, or say --provider {}",
                    names[0], names[0]
                )))
            }
        }
    }

    /// The settings of the section of that name, or of the kind of that name.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a name that nobody knows, and for a section that cannot be read.
    pub fn section(&self, name: &str) -> Result<Section> {
        let resolve = |name: &str, kind: &Kind| {
            Section::resolve(name, kind.clone(), Arc::clone(&self.document), &self.environment)
        };
        if name == ABSENT && self.registry.get(name).is_none() {
            return Err(self.absent());
        }
        let is_written = self.document.root.contains_key(name) && name != PROVIDER_KEY;
        if let Some(kind) = is_written.then(|| self.kind_of(name)).transpose()?.flatten() {
            return resolve(name, kind);
        }
        let sections = self.sections();
        let Some(kind) = self.registry.get(name) else {
            return Err(self.registry.unknown(name, sections.iter().map(|(name, _)| *name)));
        };
        // The kind may have its section under another of its names.
        let names = std::iter::once(kind.info().kind).chain(kind.aliases().iter().copied());
        let written = names.into_iter().find(|name| self.document.root.contains_key(*name));
        resolve(written.unwrap_or(kind.info().kind), kind)
    }

    fn absent(&self) -> Error {
        let what = format!("there is no provider for Google Cloud (`{ABSENT}`) here");
        let hint =
            "choose another section, as in `provider: digital-ocean`, or go on with the Python tool for that account";
        self.document.error(&Path::default().key(ABSENT), what).with_hint(hint)
    }

    /// The kind of the section of that name; nothing where it is no section.
    ///
    /// # Errors
    /// A section that names a kind that nobody knows.
    pub(crate) fn kind_of(&self, name: &str) -> Result<Option<&Kind>> {
        if name == BUDGET_KEY {
            return Ok(None);
        }
        let Some(named) = self.document.root.get(name).and_then(|value| value.get(KIND_KEY)) else {
            return Ok(self.registry.get(name));
        };
        let path = Path::default().key(name).key(KIND_KEY);
        let named = named.as_str().ok_or_else(|| self.document.error(&path, "`kind` is not the name of a provider"))?;
        self.registry.get(named).map(Some).ok_or_else(|| {
            let error = self.registry.unknown(named, []);
            self.rephrase(error, self.document.whereabouts(self.document.place(&path)))
        })
    }

    fn written_provider(&self) -> Result<Option<(String, Option<Place>)>> {
        let path = Path::default().key(PROVIDER_KEY);
        match self.document.root.get(PROVIDER_KEY) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => {
                let name = expand(text, &self.environment).map_err(|why| self.document.error(&path, why))?.text;
                Ok(Some((name, self.document.place(&path))))
            }
            Some(_) => Err(self.document.error(&path, "`provider` is not the name of a provider")),
        }
    }

    /// The same error with the place where its cause is written.
    fn rephrase(&self, error: Error, place: impl std::fmt::Display) -> Error {
        if error.to_string().starts_with("in the ") {
            return error;
        }
        let placed = Error::new(error.kind(), format!("{place}: {error}"));
        match error.hint() {
            Some(hint) => placed.with_hint(hint.to_owned()),
            None => placed,
        }
    }
}

/// The file that somebody names.
fn named_file(environment: &Environment, asked: Option<&FilePath>) -> Option<PathBuf> {
    asked.map(FilePath::to_owned).or_else(|| environment.get(FILE_VARIABLE).map(PathBuf::from))
}

/// The file to read, and whether it is where it used to be.
fn chosen_file(environment: &Environment, asked: Option<&FilePath>) -> (Option<PathBuf>, bool) {
    match named_file(environment, asked) {
        Some(file) => (Some(file), false),
        None => usual_file(environment),
    }
}

/// The usual file, and whether it is where it used to be.
fn usual_file(environment: &Environment) -> (Option<PathBuf>, bool) {
    let home = environment.home();
    let base = environment.absolute("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    let Some(dir) = base.map(|base| base.join("machine")) else { return (None, false) };
    let outdated = home.map(|home| home.join(".machine"));
    match outdated {
        Some(old) if !dir.is_dir() && old.is_dir() => (Some(old.join("config.yml")), true),
        _ => (Some(dir.join("config.yml")), false),
    }
}
