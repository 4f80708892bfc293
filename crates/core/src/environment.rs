//! Environment variables as a value, so that a program can be given others than its process has.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// Environment variables.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Those of this process, as they are now.
    pub fn of_this_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The variable of that name. An empty one counts as not set, as in a shell's `${NAME:-}`.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The variable of that name, which may be set and empty.
    pub fn get_or_empty(&self, name: &OsStr) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }

    /// The variable of that name where it names an absolute path.
    pub fn absolute(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The user's home directory: `HOME`, and nothing where that is not set.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from)
    }

    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    /// The names only: environments hold tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_not_set_and_values_stay_out_of_sight() {
        let environment = Environment::from_iter([("TOKEN", "hunter2"), ("EMPTY", ""), ("DIR", "relative")]);
        assert_eq!(environment.get("TOKEN"), Some(OsStr::new("hunter2")));
        assert_eq!(environment.get("EMPTY"), None);
        assert_eq!(environment.get_or_empty(OsStr::new("EMPTY")), Some(OsStr::new("")));
        assert_eq!(environment.absolute("DIR"), None);
        assert!(!format!("{environment:?}").contains("hunter2"));
    }
}
