//! Where sessions are kept: a file for each below the state directory.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use machine_agent::Session;
use machine_core::{EnvVar, Error, ErrorKind, MachineName, Result, nearest};
use machine_fleet::StateDir;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::agent_args::AgentName;

/// A session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// What it is called.
    pub(crate) name: String,
    /// The section of the configuration whose account pays.
    pub(crate) account: String,
    /// The kind of provider.
    pub(crate) provider: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it is over, whatever becomes of it.
    pub(crate) deadline: Option<Timestamp>,
    /// How many turns it has had.
    pub(crate) turns: u32,
    /// When the last of them began.
    pub(crate) last_turn_at: Option<Timestamp>,
    /// Its volume and its conversation.
    pub(crate) session: Session,
    /// What its turns have where they do not say otherwise.
    pub(crate) inherited: Inherited,
}

/// What the turns of a session have where they do not say otherwise. Of secrets there are the names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inherited {
    /// What machines are made from.
    pub(crate) image: Option<String>,
    /// How big they are, in the provider's word.
    pub(crate) size: Option<String>,
    /// Variables.
    pub(crate) env: Vec<EnvVar>,
    /// The names of variables of this computer that hold secrets.
    pub(crate) secrets: Vec<String>,
    /// Who is given the prompts.
    pub(crate) agent: Option<AgentName>,
}

/// The sessions of this computer.
#[derive(Debug)]
pub(crate) struct Store(PathBuf);

impl Store {
    /// Those below that state directory, which is made where it is missing.
    ///
    /// # Errors
    /// A directory that cannot be used.
    pub(crate) fn open(state: &Path) -> Result<Self> {
        let directory = StateDir::open(state)?.path().join("sessions");
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(|error| trouble(&directory, error))?;
        Ok(Self(directory))
    }

    /// Takes the name of a new session, which has to be free.
    ///
    /// # Errors
    /// `Conflict` where another command has it, `AlreadyExists` where there is such a session.
    pub(crate) fn begin(&self, name: &MachineName) -> Result<Kept> {
        let kept = self.lock(name.as_str())?;
        if kept.path.exists() {
            let what = format!("there is a session `{name}`");
            return Err(Error::new(ErrorKind::AlreadyExists, what)
                .with_hint("`machine session turn` gives it another turn, `machine session destroy` ends it"));
        }
        Ok(kept)
    }

    /// Takes that session, so that nobody else has a turn meanwhile.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while it has a turn.
    pub(crate) fn take(&self, name: &str) -> Result<(Kept, Facts)> {
        // Before anything is locked: a lock makes a file.
        self.find(name)?;
        let kept = self.lock(name)?;
        Ok((kept, self.find(name)?))
    }

    /// That session.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) fn find(&self, name: &str) -> Result<Facts> {
        let all = self.all()?;
        let names: Vec<String> = all.iter().map(|facts| facts.name.clone()).collect();
        all.into_iter().find(|facts| facts.name == name).ok_or_else(|| {
            let error = Error::not_found("session", name);
            match nearest(name, names.iter().map(String::as_str)).first() {
                Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                None => error.with_hint("`machine session list` shows what there is"),
            }
        })
    }

    /// All of them, by name. What cannot be read is left out.
    ///
    /// # Errors
    /// A directory that cannot be read.
    pub(crate) fn all(&self) -> Result<Vec<Facts>> {
        let entries = fs::read_dir(&self.0).map_err(|error| trouble(&self.0, error))?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        let mut all: Vec<Facts> = files.filter_map(|path| serde_json::from_slice(&fs::read(path).ok()?).ok()).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    fn lock(&self, name: &str) -> Result<Kept> {
        let lock = self.0.join(format!("{name}.lock"));
        let failed = |error| trouble(&lock, error);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&lock).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let what = format!("another command has a turn of the session `{name}`");
                return Err(Error::new(ErrorKind::Conflict, what).with_hint("a session has one turn at a time"));
            }
            Err(errno) => return Err(failed(errno.into())),
        }
        // Whoever had it may have taken the file away between our two steps: then this is nobody's lock.
        let same = fs::metadata(&lock).ok().map(|found| found.ino()) == file.metadata().ok().map(|ours| ours.ino());
        if !same {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("another command has just ended the session `{name}`"),
            ));
        }
        Ok(Kept { path: self.0.join(format!("{name}.json")), lock, _file: file })
    }
}

/// A session that this process has.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    lock: PathBuf,
    /// Only held: whoever has it has the session.
    _file: File,
}

impl Kept {
    /// Writes down what is known of it: beside its place, and moved there, so that nobody reads half of it.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn save(&self, facts: &Facts) -> Result<()> {
        let failed = |error| trouble(&self.path, error);
        let text = serde_json::to_vec_pretty(facts).map_err(|error| failed(error.into()))?;
        let aside = self.path.with_extension("new");
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside);
        file.and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all())).map_err(failed)?;
        fs::rename(&aside, &self.path).map_err(failed)
    }

    /// Forgets it.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn forget(self) -> Result<()> {
        // Its lock goes with it.
        fs::remove_file(&self.path).map_err(|error| trouble(&self.path, error))
    }
}

impl Drop for Kept {
    /// What never came to be leaves nothing.
    fn drop(&mut self) {
        if !self.path.exists() {
            drop(fs::remove_file(&self.lock));
        }
    }
}

fn trouble(path: &Path, error: io::Error) -> Error {
    Error::io(format_args!("what is kept of sessions (`{}`)", path.display()), error)
}
