//! `machines:`, the types that machines are made by: who works on one, what sets it up, how big it is and where.

use std::collections::BTreeMap;
use std::fmt;

use machine_core::{Error, ErrorKind, Result, nearest};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_yaml::Value;

use crate::config::Config;
use crate::path::Path;
use crate::settled::Variables;

/// The key that they stand under.
pub(crate) const MACHINES_KEY: &str = "machines";

/// A type of machine.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct MachineType {
    /// The user that is made on it, who may become root.
    pub new_user_name: Option<String>,
    /// Where the script is that sets it up.
    pub script_url: Option<String>,
    /// What SHA-256 the script has, in hexadecimal; without it any is run.
    pub script_sha256: Option<String>,
    /// The directory that is made for it.
    pub script_dir: Option<String>,
    /// Where it is put.
    pub script_path: Option<String>,
    /// What it is given: words for the shell as they stand, or a list of arguments. `$MACHINE_SCRIPT_URL`, `$MACHINE_SCRIPT_DIR`
    /// and `$MACHINE_FQDN` are put in.
    pub script_args: ScriptArgs,
    /// Packages to install.
    pub packages: Vec<String>,
    /// Files to write.
    pub write_files: Vec<WriteFile>,
    /// Commands to run after everything else.
    pub run: Vec<String>,
    /// A file with a cloud-init configuration, which is merged with the rest.
    pub user_data: Option<String>,
    /// How big.
    #[serde(deserialize_with = "text")]
    pub machine_size: Option<String>,
    /// What it is made from.
    #[serde(deserialize_with = "text")]
    pub image: Option<String>,
    /// Where it is.
    #[serde(deserialize_with = "text")]
    pub region: Option<String>,
    /// Variables of its own command, where a machine has one.
    pub env: BTreeMap<String, String>,
    /// Volumes to attach, by name, each with the place where it shows.
    pub volumes: BTreeMap<String, String>,
    /// How long it may stay, as in `12h`, or `none`.
    pub ttl: Option<String>,
    /// What is otherwise at one kind of provider.
    pub providers: BTreeMap<String, Override>,
}

/// What is otherwise at one kind of provider.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Override {
    /// How big.
    #[serde(deserialize_with = "text")]
    pub machine_size: Option<String>,
    /// What it is made from.
    #[serde(deserialize_with = "text")]
    pub image: Option<String>,
    /// Where it is.
    #[serde(deserialize_with = "text")]
    pub region: Option<String>,
}

/// What a script is given.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ScriptArgs {
    /// Words for the shell, as they stand.
    Line(String),
    /// Arguments, each one word whatever is in it.
    List(Vec<Scalar>),
}

impl Default for ScriptArgs {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// One argument.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// Yes or no.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WriteFile {
    /// Where.
    pub path: String,
    /// What is in it.
    pub content: String,
    /// Its mode, as in `"0644"`.
    pub permissions: Option<String>,
    /// Whose it is, as in `root:root`.
    pub owner: Option<String>,
}

/// A text that may look like a number: `image: 2284`.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    let found = Option::<Scalar>::deserialize(deserializer)?;
    Ok(found.map(|found| found.to_string()))
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            // As scripts of the older tool of this name know it.
            Self::Truth(true) => f.write_str("True"),
            Self::Truth(false) => f.write_str("False"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Config {
    /// The names of the types, in order.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a `machines:` that is no mapping.
    pub fn type_names(&self) -> Result<Vec<String>> {
        let root = Path::default().key(MACHINES_KEY);
        let mut names: Vec<String> = match self.document().root.get(MACHINES_KEY) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Mapping(types)) => types.keys().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(_) => {
                let what = format!("`{MACHINES_KEY}` is not a mapping of types, as in `machines: {{web: {{...}}}}`");
                return Err(self.document().error(&root, what));
            }
        };
        names.sort_unstable();
        Ok(names)
    }

    /// The type of that name.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] with the nearest names; [`ErrorKind::Config`] with the place of what is not as it has to be.
    pub fn machine_type(&self, name: &str) -> Result<MachineType> {
        let names = self.type_names()?;
        let root = Path::default().key(MACHINES_KEY).key(name);
        let found = self.document().root.get(MACHINES_KEY).and_then(|types| types.get(name));
        let Some(found) = found else {
            let error =
                Error::new(ErrorKind::NotFound, format!("machine type `{name}` not found in the configuration"));
            return Err(match (nearest(name, names.iter().map(String::as_str)).first(), names.is_empty()) {
                (_, true) => error.with_hint("there is none; types stand under `machines:`"),
                (Some(near), _) => error.with_hint(format!("did you mean `{near}`? Available: {}", names.join(", "))),
                (None, _) => error.with_hint(format!("available: {}", names.join(", "))),
            });
        };
        if found.is_null() {
            return Err(self
                .document()
                .error(&root, format!("`{root}` is empty; a type says at least `new-user-name:`")));
        }
        self.read_apart(found, &root, Variables::AreTexts, None).map(|(read, _)| read)
    }

    /// Keys of types that nobody knows, each as an error with its place. What keeps a type from being read is told by whoever
    /// uses it.
    pub(crate) fn unknown_in_types(&self) -> Vec<Error> {
        let types = self.document().root.get(MACHINES_KEY).and_then(Value::as_mapping).into_iter().flatten();
        let unknown = types.filter_map(|(name, value)| {
            let root = Path::default().key(MACHINES_KEY).key(name.as_str()?);
            self.read_apart::<MachineType>(value, &root, Variables::AreTexts, None).ok()
        });
        unknown
            .flat_map(|(_, unknown)| unknown)
            .map(|path| {
                let what = format!("unknown key `{}` in `machines`", path.last_key().unwrap_or_default());
                self.document().error(&path, what).with_hint("`machine config schema` has all that there are")
            })
            .collect()
    }
}

impl MachineType {
    /// What holds at one kind of provider.
    #[must_use]
    pub fn at(mut self, kind: &str, aliases: &[&str]) -> Self {
        let found = self.providers.iter().find(|(name, _)| *name == kind || aliases.contains(&name.as_str()));
        if let Some((_, other)) = found {
            let other = other.clone();
            self.machine_size = other.machine_size.or(self.machine_size);
            self.image = other.image.or(self.image);
            self.region = other.region.or(self.region);
        }
        self
    }
}

#[cfg(test)]
#[path = "machine_types_tests.rs"]
mod tests;
