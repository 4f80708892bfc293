//! The directory in which this computer remembers what it made.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use machine_core::{Deadline, Environment, Error, ErrorKind, IntentId, OwnerId, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// What to do about a state directory that cannot be used.
const ELSEWHERE: &str = "set MACHINE_STATE_DIR to a directory of your own";

/// How long a change to the directory itself may take: a few small files, written and synced.
const LOCK_WITHIN: Duration = Duration::from_secs(10);
/// How long to wait before trying its lock again.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A state directory that exists, is ours, and could be written to when it was opened. Everything in it is private to its
/// user: directories are 0700, files 0600.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// Where the state directory is: `$MACHINE_STATE_DIR`, else `$XDG_STATE_HOME/machine`, else
    /// `~/.local/state/machine`. Touches nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when none of the three variables says anything, or the current directory is gone.
    pub fn resolve(environment: &Environment) -> Result<PathBuf> {
        if let Some(chosen) = environment.get("MACHINE_STATE_DIR").map(Path::new) {
            return std::path::absolute(chosen)
                .map_err(|error| Error::io(format!("MACHINE_STATE_DIR={} is of no use", chosen.display()), error));
        }
        // The XDG specification has relative paths ignored.
        if let Some(state) = environment.absolute("XDG_STATE_HOME") {
            return Ok(state.join("machine"));
        }
        if let Some(home) = environment.absolute("HOME") {
            return Ok(home.join(".local/state/machine"));
        }
        let what = "there is no place for the state directory: HOME is not set to an absolute path";
        Err(Error::new(ErrorKind::Config, what).with_hint(ELSEWHERE))
    }

    /// Makes the directory where it is missing, and makes sure that it can be relied upon.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when it cannot be made or written to (not permitted, read-only, disk full), and
    /// [`ErrorKind::Config`] when it is not a directory, belongs to somebody else, or others may write to it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let shown = path.display();
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(|error| {
            let what = format!("the state directory {shown} cannot be made");
            Error::io(what, error).with_hint(ELSEWHERE)
        })?;
        let found = fs::metadata(&path)
            .map_err(|error| Error::io(format!("the state directory {shown} cannot be read"), error))?;
        let refuse = |why: String, hint: String| {
            Err(Error::new(ErrorKind::Config, format!("the state directory {shown} {why}")).with_hint(hint))
        };
        let us = rustix::process::geteuid().as_raw();
        if !found.is_dir() {
            return refuse("is not a directory".to_owned(), ELSEWHERE.to_owned());
        }
        if found.uid() != us {
            let why = format!("belongs to user {}, and this is user {us}", found.uid());
            return refuse(why, ELSEWHERE.to_owned());
        }
        if found.mode() & 0o022 != 0 {
            let why = format!("can be written to by others (mode {:04o})", found.mode() & 0o7777);
            return refuse(why, format!("take that away: chmod go-w {shown}"));
        }
        let dir = Self { path };
        dir.check_writable()?;
        Ok(dir)
    }

    /// The identity that this directory gives to what this computer makes; minted and written down at the first call.
    ///
    /// # Errors
    /// [`ErrorKind::Ledger`] when it is damaged: a new owner in its place would disown every machine.
    pub async fn owner(&self) -> Result<OwnerId> {
        crate::owner::of(self).await
    }

    /// The identity that the directory at `path` gives to what this computer makes; none where nothing was ever made from
    /// there. Touches nothing.
    ///
    /// # Errors
    /// As [`owner`](Self::owner).
    pub fn owner_at(path: impl Into<PathBuf>) -> Result<Option<OwnerId>> {
        crate::owner::settled(&Self { path: path.into() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a page and takes it away again: what cannot be recorded must not be begun.
    fn check_writable(&self) -> Result<()> {
        let probe = self.path.join(format!(".probe-{}", IntentId::mint()));
        let written = private_file(&probe).and_then(|mut file| file.write_all(&[0; 4096]));
        let removed = fs::remove_file(&probe);
        written.and(removed).map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some space, or set MACHINE_STATE_DIR"
                }
                _ => ELSEWHERE,
            };
            let what = format!("the state directory {} cannot be written to", self.path.display());
            Error::io(what, error).with_hint(hint)
        })
    }

    /// Keeps everybody else out of the rare changes to the directory itself (a new ledger, a new owner), until the file is
    /// dropped. Waits without holding up the thread, because whoever has the lock may be a task of this very one.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when somebody has it for longer than such a change ever takes.
    pub(crate) async fn lock(&self) -> Result<File> {
        let failed = |error| Error::io(format!("the state directory {} cannot be locked", self.path.display()), error);
        let dir = File::open(&self.path).map_err(failed)?;
        let deadline = Deadline::after(LOCK_WITHIN);
        loop {
            match flock(&dir, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(dir),
                Err(Errno::WOULDBLOCK) if !deadline.passed() => tokio::time::sleep(LOCK_PAUSE).await,
                Err(Errno::WOULDBLOCK) => {
                    let what =
                        format!("another command has held the state directory {} for too long", self.path.display());
                    return Err(Error::new(ErrorKind::Busy, what).with_hint("look for a command that hangs"));
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
    }

    /// Puts `contents` into the file `name` so that a crash leaves either the old file or the new one.
    pub(crate) fn write_whole(&self, name: &str, contents: &[u8]) -> io::Result<()> {
        let aside = self.path.join(format!("{name}.new"));
        remove_if_there(&aside)?;
        let mut file = private_file(&aside)?;
        file.write_all(contents)?;
        file.sync_all()?;
        self.put_in_place(&aside, name)
    }

    /// Gives a finished file its name, and waits until the name is on the disk.
    pub(crate) fn put_in_place(&self, finished: &Path, name: &str) -> io::Result<()> {
        fs::rename(finished, self.path.join(name))?;
        File::open(&self.path)?.sync_all()
    }
}

/// A new file that only its user can read.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Removes a file that may not be there.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
#[path = "state_dir_tests.rs"]
mod tests;
