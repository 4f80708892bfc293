//! Writing the configuration file: whole or not at all, and for its user's eyes only.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use machine_core::{Error, Result};

/// A new text beside the file, to be looked at before it takes the file's place. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Draft {
    target: PathBuf,
    aside: PathBuf,
}

impl Draft {
    /// Writes `text` beside `target`, whose directory is made where it is missing.
    ///
    /// # Errors
    /// A directory that cannot be made or written to.
    pub(crate) fn write(target: &Path, text: &str) -> Result<Self> {
        // A link is kept, and what it leads to is changed.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let failed = |error| Error::io(format!("cannot write the configuration file `{}`", target.display()), error);
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let aside = target.with_file_name(name);
        if let Some(dir) = target.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
        }
        remove(&aside).map_err(failed)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside).map_err(failed)?;
        let draft = Self { target: target.clone(), aside };
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(draft)
    }

    /// Where it is for now.
    pub(crate) fn path(&self) -> &Path {
        &self.aside
    }

    /// Puts it in the file's place.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn put_in_place(self) -> Result<()> {
        let what = || format!("cannot write the configuration file `{}`", self.target.display());
        fs::rename(&self.aside, &self.target).map_err(|error| Error::io(what(), error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It may be in place by now, or its directory gone: then there is nothing to remove.
        let _ = remove(&self.aside);
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
