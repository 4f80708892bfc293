//! Which processes are still there to look after what they began.
//!
//! Every process that records an intent holds a lock on a file of its own, `clients/<id>.lock`, for as long as it lives. The
//! kernel lets go of it however the process ends, so the lock is the truth about it: no pid that could be another's by now, and
//! it holds between containers that share the directory.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use machine_core::{Error, IntentId, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::StateDir;
use crate::state_dir::{private_file, remove_if_there};

/// Directory of the lock files below the state directory.
const DIRECTORY: &str = "clients";
/// What a client's lock file is called after its id.
const LOCK: &str = "lock";
/// What it is called while its client has not locked it yet.
const UNLOCKED: &str = "new";
/// How old an unlocked file must be before it counts as left behind by a crash.
const LEFT_BEHIND: Duration = Duration::from_mins(1);

/// A process, as the ledger knows it: a ULID of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(IntentId);

impl ClientId {
    pub(crate) fn mint() -> Self {
        Self(IntentId::mint())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClientId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self)
    }
}

impl serde::Serialize for ClientId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The lock files of one state directory.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    dir: PathBuf,
}

impl Clients {
    pub(crate) fn of(dir: &StateDir) -> Self {
        Self { dir: dir.path().join(DIRECTORY) }
    }

    /// Counts the caller as alive from now on, until the answer is dropped.
    pub(crate) fn enter(&self) -> Result<Presence> {
        let enter = || {
            let id = ClientId::mint();
            match DirBuilder::new().mode(0o700).create(&self.dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            // Locked first, named second: nobody ever sees the file of a living client unlocked.
            let unlocked = self.dir.join(format!("{id}.{UNLOCKED}"));
            let file = private_file(&unlocked)?;
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            let path = self.path(id);
            fs::rename(&unlocked, &path)?;
            Ok(Presence { id, path, _lock: file })
        };
        enter().map_err(|error| {
            Error::io(format!("this process cannot be entered in {}", self.dir.display()), error)
                .with_hint("see whether the disk is full, and who owns that directory")
        })
    }

    /// Whether the client still lives. What cannot be told counts as alive: it only costs a later sweep another look.
    pub(crate) fn is_alive(&self, id: ClientId) -> Result<bool> {
        let path = self.path(id);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io(format!("{} cannot be read", path.display()), error)),
        };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(Error::io(format!("{} cannot be locked", path.display()), error.into())),
        }
    }

    /// Removes what crashed clients left behind. Best effort: what stays is looked at next time.
    pub(crate) fn tidy(&self) {
        let Ok(files) = fs::read_dir(&self.dir) else { return };
        for path in files.filter_map(|file| Some(file.ok()?.path())) {
            let suffix = path.extension().and_then(|suffix| suffix.to_str());
            let Ok(file) = File::open(&path) else { continue };
            let settled = match suffix {
                Some(LOCK) => true,
                // Perhaps only just made, by a client that is about to lock it.
                Some(UNLOCKED) => age(&file).is_some_and(|age| age > LEFT_BEHIND),
                _ => false,
            };
            if settled && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let removed = remove_if_there(&path);
                tracing::debug!(path = %path.display(), ok = removed.is_ok(), "removed the lock of a dead client");
            }
        }
    }

    fn path(&self, id: ClientId) -> PathBuf {
        self.dir.join(format!("{id}.{LOCK}"))
    }
}

fn age(file: &File) -> Option<Duration> {
    file.metadata().ok()?.modified().ok()?.elapsed().ok()
}

/// That this process lives, for others to see. Dropping it takes the file away.
#[derive(Debug)]
pub(crate) struct Presence {
    id: ClientId,
    path: PathBuf,
    _lock: File,
}

impl Presence {
    pub(crate) fn id(&self) -> ClientId {
        self.id
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // Where this fails the file stays, unlocked, and a sweep removes it.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_lives_for_as_long_as_it_is_present() {
        let outer = tempfile::tempdir().unwrap();
        let clients = Clients::of(&StateDir::open(outer.path().join("state")).unwrap());
        let (one, two) = (clients.enter().unwrap(), clients.enter().unwrap());
        assert_ne!(one.id(), two.id());
        clients.tidy();
        assert!(clients.is_alive(one.id()).unwrap() && clients.is_alive(two.id()).unwrap());
        let gone = one.id();
        drop(one);
        assert!(!clients.is_alive(gone).unwrap());
        assert!(clients.is_alive(two.id()).unwrap());
        assert!(!clients.is_alive(ClientId::mint()).unwrap(), "a client that never was");
    }

    #[test]
    fn what_a_crash_left_behind_is_dead_and_tidied_away() {
        let outer = tempfile::tempdir().unwrap();
        let clients = Clients::of(&StateDir::open(outer.path().join("state")).unwrap());
        let living = clients.enter().unwrap();
        let crashed = ClientId::mint();
        fs::write(clients.path(crashed), "").unwrap();
        let entering = clients.dir.join(format!("{crashed}.{UNLOCKED}"));
        fs::write(&entering, "").unwrap();
        assert!(!clients.is_alive(crashed).unwrap());
        clients.tidy();
        assert!(!clients.path(crashed).exists());
        assert!(entering.exists(), "a client may be about to lock it");
        assert!(clients.is_alive(living.id()).unwrap());
    }
}
