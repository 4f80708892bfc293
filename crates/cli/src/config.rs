//! The configuration file: typed, and strict about what it does not know. The only module that names `serde_yaml`.

use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Mount, Result, nearest};
use machine_local::{Isolation, MountText};
use serde::Deserialize;

/// What the configuration file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The provider to use where the command line names none.
    pub(crate) provider: Option<String>,
    /// Settings of machines on this computer.
    pub(crate) local: LocalSection,
}

/// Settings of machines on this computer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LocalSection {
    /// Directories to show in every machine, written as after `--mount`.
    mounts: Vec<String>,
    /// How machines are kept apart from this computer.
    pub(crate) isolation: Isolation,
}

impl LocalSection {
    /// The directories to show in every machine.
    ///
    /// # Errors
    /// The entry that cannot be shown.
    pub(crate) fn mounts(&self) -> Result<Vec<Mount>> {
        self.mounts
            .iter()
            .map(|text| {
                MountText::from(text.clone()).resolve(std::env::home_dir().as_deref()).map_err(|error| {
                    let hint = error.hint().unwrap_or_default().to_owned();
                    Error::new(ErrorKind::Config, format!("in the configuration, `local.mounts`: {error}"))
                        .with_hint(hint)
                })
            })
            .collect()
    }
}

impl Config {
    /// Reads the file that was asked for, which must exist, or the usual one, which may be missing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with file, line and column, and the nearest key for one that is not known.
    pub(crate) fn load(asked: Option<&Path>) -> Result<Self> {
        let Some(path) = asked.map(Path::to_owned).or_else(usual_path) else {
            return Ok(Self::default());
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked.is_none() => Ok(Self::default()),
            Err(error) => Err(Error::new(
                ErrorKind::Config,
                format!("cannot read the configuration file `{}`: {error}", path.display()),
            )
            .with_source(error)),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        // A file of comments alone is `null`.
        serde_yaml::from_str::<Option<Self>>(text).map(Option::unwrap_or_default).map_err(|error| {
            let place =
                error.location().map(|at| format!(", line {}, column {}", at.line(), at.column())).unwrap_or_default();
            let text = error.to_string();
            let what = text.split_once(" at line ").map_or(text.as_str(), |(what, _)| what);
            let failure =
                Error::new(ErrorKind::Config, format!("in the configuration file `{}`{place}: {what}", path.display()));
            match suggestion(what) {
                Some(key) => failure.with_hint(format!("did you mean `{key}`?")),
                None => failure,
            }
        })
    }
}

/// The nearest known word in a message of serde's form "unknown field `a`, expected one of `b`, `c`".
fn suggestion(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("unknown ")?;
    let mut words = rest.split('`').skip(1).step_by(2);
    let wanted = words.next()?;
    nearest(wanted, words).first().copied()
}

/// `$XDG_CONFIG_HOME/machine/config.yml`, else `~/.config/machine/config.yml`.
pub(crate) fn usual_path() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = xdg.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(base.join("machine").join("config.yml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config> {
        Config::parse(text, Path::new("/x/config.yml"))
    }

    #[test]
    fn a_full_file_and_empty_ones() {
        let config =
            parse("provider: local\nlocal:\n  isolation: process\n  mounts: ['/usr/share:/opt/share']\n").unwrap();
        assert_eq!(config.provider.as_deref(), Some("local"));
        assert_eq!(config.local.isolation, Isolation::Process);
        assert_eq!(config.local.mounts().unwrap()[0].target.as_str(), Some("/opt/share"));
        for empty in ["", "# nothing yet\n", "---\n", "local: {}\n"] {
            assert!(parse(empty).unwrap().provider.is_none(), "{empty:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_one() {
        let error = parse("provider: local\nlocal:\n  isolaton: process\n").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("/x/config.yml") && text.contains("line 3, column 3") && text.contains("isolaton"),
            "{text}"
        );
        assert_eq!(error.hint(), Some("did you mean `isolation`?"));
        let error = parse("local:\n  isolation: proces\n").unwrap_err();
        assert_eq!(error.hint(), Some("did you mean `process`?"), "{error}");
        assert!(parse("provider: [1]\n").is_err());
        assert!(parse(": : :\n\t- x").is_err());
    }

    #[test]
    fn a_mount_that_cannot_be_shown_says_where_it_was_written() {
        let error = parse("local: {mounts: [/no/such/place]}").unwrap().local.mounts().unwrap_err();
        assert!(error.to_string().contains("local.mounts"), "{error}");
    }

    #[test]
    fn a_file_that_was_asked_for_must_exist() {
        let error = Config::load(Some(Path::new("/no/such/config.yml"))).unwrap_err();
        assert!(error.to_string().contains("/no/such/config.yml"), "{error}");
    }
}
