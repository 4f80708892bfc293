//! Batches as they are kept on this computer, so that one whose command was ended can go on.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, IntentId, Result};
use machine_fleet::StateDir;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::{Item, ItemResult};

/// The most batches that are kept; the oldest go first.
const BATCHES: usize = 100;
/// The names of a batch's two files.
const ASKED: &str = "batch.json";
const RESULTS: &str = "results.jsonl";

/// What was asked for: enough to do it again. The variables of its jobs stand in it, but not their secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// When.
    pub(crate) at: Timestamp,
    /// The jobs.
    pub(crate) items: Vec<Item>,
    /// The accounts of those that name none, in order of preference.
    pub(crate) accounts: Vec<String>,
    /// How many at a time.
    pub(crate) at_once: usize,
    /// Whether none is begun any more once one has failed.
    pub(crate) stop_at_failure: bool,
    /// What is brought back from each.
    pub(crate) fetch: Vec<PathBuf>,
    /// Below which directory.
    pub(crate) into: Option<PathBuf>,
    /// In which directory it is told what each has changed.
    pub(crate) patches: Option<PathBuf>,
    /// How long the machine of a job may live, where that was said.
    pub(crate) ttl: Option<Duration>,
}

/// The batches of this computer.
#[derive(Debug)]
pub(crate) struct BatchStore(PathBuf);

impl BatchStore {
    /// Those below that state directory, which is made where it is missing.
    ///
    /// # Errors
    /// A directory that cannot be used.
    pub(crate) fn open(state: &Path) -> Result<Self> {
        let directory = StateDir::open(state)?.path().join("batches");
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(|error| trouble(&directory, error))?;
        Ok(Self(directory))
    }

    /// Keeps a new batch. Old ones go where there are too many.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn begin(&self, asked: &Asked) -> Result<Kept> {
        self.make_room()?;
        let id = IntentId::mint().to_string();
        let directory = self.0.join(&id);
        DirBuilder::new().mode(0o700).create(&directory).map_err(|error| trouble(&directory, error))?;
        let path = directory.join(ASKED);
        let text = serde_json::to_vec(asked).map_err(|error| trouble(&path, error.into()))?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(&text)).map_err(|error| trouble(&path, error))?;
        Ok(self.take(&id)?.0)
    }

    /// Takes up the batch of that id or beginning of one: with what was asked for, and what came of its jobs so far.
    ///
    /// # Errors
    /// `NotFound` for none, `Invalid` for the beginning of several, `Conflict` for one that another command has.
    pub(crate) fn resume(&self, wanted: &str) -> Result<(Kept, Asked, Vec<ItemResult>)> {
        let mut ids = self.ids()?;
        ids.retain(|id| !wanted.is_empty() && id.starts_with(wanted));
        let id = match ids.as_slice() {
            [id] => id,
            [] => return Err(Error::not_found("batch", wanted)),
            several => {
                let what = format!("{} batches begin with `{wanted}`", several.len());
                return Err(Error::new(ErrorKind::Invalid, what).with_hint("write more of the id"));
            }
        };
        let (kept, results) = self.take(id)?;
        let path = self.0.join(id).join(ASKED);
        let text = fs::read(&path).map_err(|error| trouble(&path, error))?;
        let asked = serde_json::from_slice(&text).map_err(|error| trouble(&path, error.into()))?;
        Ok((kept, asked, results))
    }

    fn take(&self, id: &str) -> Result<(Kept, Vec<ItemResult>)> {
        let path = self.0.join(id).join(RESULTS);
        let failed = |error| trouble(&path, error);
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let what = format!("another command runs the batch `{id}`");
                return Err(Error::new(ErrorKind::Conflict, what));
            }
            Err(errno) => return Err(failed(errno.into())),
        }
        let mut results: Vec<ItemResult> = Vec::new();
        for line in BufReader::new(&file).lines() {
            // Half a line is of a command that was killed while it wrote; its job is run again.
            let Ok(result) = serde_json::from_str::<ItemResult>(&line.map_err(failed)?) else { continue };
            results.retain(|earlier| earlier.index != result.index);
            results.push(result);
        }
        Ok((Kept { id: id.to_owned(), path, file }, results))
    }

    fn ids(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.0).map_err(|error| trouble(&self.0, error))?;
        let mut ids: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    /// Forgets the oldest that no command has, until there is room for another.
    fn make_room(&self) -> Result<()> {
        let ids = self.ids()?;
        let mut many = (ids.len() + 1).saturating_sub(BATCHES);
        for id in &ids {
            if many == 0 {
                break;
            }
            let idle = self.take(id).is_ok();
            if idle && fs::remove_dir_all(self.0.join(id)).is_ok() {
                many -= 1;
            }
        }
        Ok(())
    }
}

/// A batch that this process runs.
#[derive(Debug)]
pub(crate) struct Kept {
    id: String,
    path: PathBuf,
    file: File,
}

impl Kept {
    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Keeps what came of a job. Returns the line.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn note(&self, result: &ItemResult) -> Result<String> {
        let failed = |error| trouble(&self.path, error);
        let line = serde_json::to_string(result).map_err(|error| failed(error.into()))?;
        // One write for each: a line is there or not. It begins with the end of a line that a killed command has left open.
        (&self.file).write_all(format!("\n{line}\n").as_bytes()).map_err(failed)?;
        Ok(line)
    }
}

fn trouble(path: &Path, error: io::Error) -> Error {
    Error::io(format_args!("what is kept of batches (`{}`)", path.display()), error)
}

#[cfg(test)]
mod tests {
    use machine_agent::BatchResult;

    use super::*;

    fn asked() -> Asked {
        Asked {
            at: Timestamp::UNIX_EPOCH,
            items: vec![Item { command: Some(vec!["true".to_owned()]), ..Item::default() }],
            accounts: vec!["local".to_owned()],
            at_once: 2,
            stop_at_failure: false,
            fetch: Vec::new(),
            into: None,
            patches: None,
            ttl: None,
        }
    }

    #[test]
    fn a_batch_goes_on_with_what_is_not_done() {
        let dir = tempfile::tempdir().unwrap();
        let store = BatchStore::open(&dir.path().join("state")).unwrap();
        let kept = store.begin(&asked()).unwrap();
        let id = kept.id().to_owned();
        assert_eq!(store.resume(&id).unwrap_err().kind(), ErrorKind::Conflict);
        let result = |index| ItemResult::new(index, "x", None, &BatchResult::NotBegun, None);
        kept.note(&result(0)).unwrap();
        kept.note(&result(1)).unwrap();
        kept.note(&ItemResult { outcome: "succeeded".to_owned(), ..result(0) }).unwrap();
        (&kept.file).write_all(b"{\"index\": 7, \"na").unwrap();
        drop(kept);
        let (kept, again, results) = store.resume(&id[..20]).unwrap();
        assert_eq!(again, asked());
        let told: Vec<_> = results.iter().map(|result| (result.index, result.outcome.as_str())).collect();
        assert_eq!(told, [(1, "not-begun"), (0, "succeeded")]);
        kept.note(&result(2)).unwrap();
        drop(kept);
        assert_eq!(store.resume(&id).unwrap().2.len(), 3);
        assert_eq!(store.resume("nothing").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many() {
        let dir = tempfile::tempdir().unwrap();
        let store = BatchStore::open(&dir.path().join("state")).unwrap();
        let runs = store.begin(&asked()).unwrap();
        for _ in 0..BATCHES + 3 {
            drop(store.begin(&asked()).unwrap());
        }
        let ids = store.ids().unwrap();
        assert_eq!(ids.len(), BATCHES);
        assert!(ids.iter().any(|id| id == runs.id()), "one that runs stays");
    }
}
