//! The state on disk: one file for each cloud, whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bill::Charge;

/// What is kept of one cloud.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// What the clock showed.
    pub(crate) now: Timestamp,
    /// The bill.
    pub(crate) charges: Vec<Charge>,
    /// What the cloud itself remembers.
    pub(crate) cloud: Value,
}

/// A file for one cloud's state.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    file: PathBuf,
}

impl Store {
    /// The file of the cloud of that name in `dir`, which is made where it is missing.
    pub(crate) fn open(dir: &Path, cloud: &str) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        Ok(Self { file: dir.join(format!("{cloud}.json")) })
    }

    /// What was written last; nothing if nothing was.
    pub(crate) fn read(&self) -> std::io::Result<Option<Saved>> {
        match std::fs::read(&self.file) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts `saved` in the place of what was there.
    pub(crate) fn write(&self, saved: &Saved) -> std::io::Result<()> {
        let dir = self.file.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(&serde_json::to_vec(saved)?)?;
        file.as_file().sync_data()?;
        file.persist(&self.file)?;
        Ok(())
    }
}
