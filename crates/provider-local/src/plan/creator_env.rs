//! The creator's environment, taken once, so that what follows from it can be tested.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use machine_core::Environment;

/// Environment variables of whoever creates a machine.
#[derive(Debug, Clone, Default)]
pub(crate) struct CreatorEnv(Environment);

impl From<Environment> for CreatorEnv {
    fn from(environment: Environment) -> Self {
        Self(environment)
    }
}

impl CreatorEnv {
    /// A variable that is set to something.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name)
    }

    /// The variables whose names start with `prefix`.
    pub(crate) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().filter(move |(name, _)| name.as_encoded_bytes().starts_with(prefix.as_bytes()))
    }

    /// The home directory, where there is one that is worth the name.
    pub(crate) fn home(&self) -> Option<&Path> {
        let home = Path::new(self.get("HOME")?);
        (home.is_absolute() && home.parent().is_some() && home.is_dir()).then_some(home)
    }

    /// The directories on `PATH`, in order, each once.
    pub(crate) fn path(&self) -> Vec<PathBuf> {
        let mut dirs: Vec<PathBuf> = Vec::new();
        for dir in self.get("PATH").map(std::env::split_paths).into_iter().flatten() {
            let dir = plain(&dir);
            if dir.is_absolute() && !dirs.contains(&dir) {
                dirs.push(dir);
            }
        }
        dirs
    }
}

/// `path` without a trailing slash and without `.`.
pub(crate) fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
impl<'a> FromIterator<(&'a str, &'a str)> for CreatorEnv {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(vars: I) -> Self {
        Self(vars.into_iter().collect())
    }
}
