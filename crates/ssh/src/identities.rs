//! What is remembered of machines: by which key each proves itself, and by which key we log in.
//!
//! A directory (0700) with a directory for each machine: `intent-<id>` from before it is asked for, `machine-<id>` as soon as
//! its id is known. In it `host_keys` (public, a line each), `birth` (the one of them that stood in the user data) and `login`
//! (private, as OpenSSH keeps it), each 0600. Every change is on disk when the call returns, and is there wholly or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use machine_core::{Error, ErrorKind, IntentId, MachineId, Result};
use russh::keys::ssh_key::LineEnding;
use russh::keys::{PrivateKey, PublicKey};
use tempfile::NamedTempFile;

use crate::host_key::line;

const HOST_KEYS: &str = "host_keys";
const BIRTH: &str = "birth";
const LOGIN: &str = "login";
const KNOWN_HOSTS: &str = "known_hosts";
const LOCK: &str = "lock";

/// The largest file that is read.
const LONGEST: u64 = 1 << 20;

/// The identities of one account's machines.
#[derive(Debug, Clone)]
pub struct Identities {
    dir: PathBuf,
}

/// What is remembered of one machine.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The host keys of which it must prove one. None before the first connection where the cloud is believed.
    pub host_keys: Vec<PublicKey>,
    /// The one that everybody in the machine can read, until it is replaced.
    pub birth: Option<PublicKey>,
    /// The key that was made to log in there, where no other is used; its `Debug` shows no secret.
    pub login: Option<Arc<PrivateKey>>,
}

impl Identities {
    /// Those below `dir`, which is made when there is something to remember.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Remembers what a machine will prove itself by, before it is asked for.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin(&self, intent: IntentId, identity: &Identity) -> Result<()> {
        let begin = || {
            DirBuilder::new().mode(0o700).recursive(true).create(&self.dir)?;
            let dir = self.intent(intent);
            match DirBuilder::new().mode(0o700).create(&dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            if let Some(login) = &identity.login {
                let text = login.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
                put(&dir, LOGIN, text.as_bytes())?;
            }
            if let Some(birth) = &identity.birth {
                put(&dir, BIRTH, line(birth).map_err(io::Error::other)?.as_bytes())?;
            }
            put(&dir, HOST_KEYS, lines(&identity.host_keys).map_err(io::Error::other)?.as_bytes())?;
            sync(&self.dir)
        };
        begin().map_err(|error| self.unwritable(error))
    }

    /// Says which machine an intent made. Without effect where that was said before, or nothing was remembered.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn bind(&self, intent: IntentId, machine: &MachineId) -> Result<()> {
        let to = self.machine(machine)?;
        match fs::rename(self.intent(intent), to) {
            Ok(()) => sync(&self.dir).map_err(|error| self.unwritable(error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.unwritable(error)),
        }
    }

    /// What is remembered of a machine.
    ///
    /// # Errors
    /// Where it cannot be read, or is not what this wrote.
    pub fn of(&self, machine: &MachineId) -> Result<Option<Identity>> {
        let dir = self.machine(machine)?;
        let Some(text) = read(&dir.join(HOST_KEYS))? else { return Ok(None) };
        let damaged = |name: &str, error: russh::keys::ssh_key::Error| {
            let what = format!("{} holds what is no key of OpenSSH", dir.join(name).display());
            Error::new(ErrorKind::Config, what).with_source(error)
        };
        let host_keys = text.lines().map(PublicKey::from_openssh).collect::<std::result::Result<Vec<_>, _>>();
        let host_keys = host_keys.map_err(|error| damaged(HOST_KEYS, error))?;
        let birth = read(&dir.join(BIRTH))?.map(|text| PublicKey::from_openssh(text.trim())).transpose();
        let birth = birth.map_err(|error| damaged(BIRTH, error))?;
        let login = match read(&dir.join(LOGIN))? {
            Some(text) => Some(Arc::new(PrivateKey::from_openssh(&text).map_err(|error| damaged(LOGIN, error))?)),
            None => None,
        };
        Ok(Some(Identity { host_keys, birth, login }))
    }

    /// Pins other host keys than before. A machine of which nothing was remembered is from now on.
    ///
    /// # Errors
    /// Where it cannot be written; then those of before are still pinned.
    pub fn pin(&self, machine: &MachineId, host_keys: &[PublicKey]) -> Result<()> {
        let text = lines(host_keys)?;
        let dir = self.machine(machine)?;
        let pin = || {
            DirBuilder::new().mode(0o700).recursive(true).create(&dir)?;
            put(&dir, HOST_KEYS, text.as_bytes())
        };
        pin().map_err(|error| self.unwritable(error))
    }

    /// Says that the machine shows the key of its birth no more.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn grown(&self, machine: &MachineId) -> Result<()> {
        let dir = self.machine(machine)?;
        let remove = || match fs::remove_file(dir.join(BIRTH)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync(&dir),
        };
        remove().map_err(|error| self.unwritable(error))
    }

    /// Keeps every other program of this computer from changing what the machine proves itself by, until the answer is
    /// dropped. `None` while another does.
    ///
    /// # Errors
    /// Where there is nothing remembered, or no file can be locked.
    pub fn lock(&self, machine: &MachineId) -> Result<Option<File>> {
        let path = self.machine(machine)?.join(LOCK);
        let open = || {
            let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(file)),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error),
            }
        };
        open().map_err(|error| self.unwritable(error))
    }

    /// A file of known hosts, of which `alias` is the machine; those that `ssh` reads.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn known_hosts(&self, machine: &MachineId, alias: &str, host_keys: &[PublicKey]) -> Result<PathBuf> {
        let dir = self.machine(machine)?;
        let lines = host_keys.iter().map(|key| line(key).map(|line| format!("{alias} {line}\n")));
        let text = lines.collect::<Result<String>>()?;
        put(&dir, KNOWN_HOSTS, text.as_bytes()).map_err(|error| self.unwritable(error))?;
        Ok(dir.join(KNOWN_HOSTS))
    }

    /// The file of the key that was made to log in.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what can be no id.
    pub fn login_file(&self, machine: &MachineId) -> Result<PathBuf> {
        Ok(self.machine(machine)?.join(LOGIN))
    }

    /// Where what is remembered of a machine stands.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for what can be no id.
    pub fn place(&self, machine: &MachineId) -> Result<PathBuf> {
        self.machine(machine)
    }

    /// Forgets a wish of which no machine came. Without effect where nothing is remembered.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn abandon(&self, intent: IntentId) -> Result<()> {
        self.remove(&self.intent(intent))
    }

    /// Forgets a machine that is gone. Without effect where nothing is remembered.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn forget(&self, machine: &MachineId) -> Result<()> {
        self.remove(&self.machine(machine)?)
    }

    fn remove(&self, dir: &Path) -> Result<()> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unwritable(error)),
            _ => Ok(()),
        }
    }

    fn intent(&self, intent: IntentId) -> PathBuf {
        self.dir.join(format!("intent-{intent}"))
    }

    fn machine(&self, machine: &MachineId) -> Result<PathBuf> {
        let id = machine.as_str();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
            return Err(Error::new(ErrorKind::Invalid, format!("`{id}` cannot be the id of a machine")));
        }
        Ok(self.dir.join(format!("machine-{id}")))
    }

    fn unwritable(&self, error: io::Error) -> Error {
        Error::io(format!("what machines prove themselves by cannot be kept in {}", self.dir.display()), error)
    }
}

fn lines(keys: &[PublicKey]) -> Result<String> {
    keys.iter().map(|key| line(key).map(|line| line + "\n")).collect()
}

/// Puts a file in its place, wholly or not at all.
fn put(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut draft = NamedTempFile::new_in(dir)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    draft.persist(dir.join(name))?;
    sync(dir)
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// The text of a file, where there is one.
fn read(path: &Path) -> Result<Option<String>> {
    let read = || {
        if fs::metadata(path)?.len() > LONGEST {
            return Err(io::Error::other("it is larger than what is written there"));
        }
        fs::read_to_string(path)
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(format!("{} cannot be read", path.display()), error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::HostKey;

    fn identity() -> (Identity, HostKey) {
        let login = HostKey::generate().unwrap();
        let private = PrivateKey::from_openssh(login.private().unwrap().expose()).unwrap();
        let host_keys = vec![HostKey::generate().unwrap().public().clone()];
        (Identity { birth: Some(host_keys[0].clone()), host_keys, login: Some(Arc::new(private)) }, login)
    }

    #[test]
    fn it_is_remembered_from_the_wish_to_the_end() {
        let home = tempfile::tempdir().unwrap();
        let identities = Identities::new(home.path().join("a/b"));
        let (intent, machine) = (IntentId::mint(), MachineId::new("3164444"));
        assert!(identities.of(&machine).unwrap().is_none());
        identities.bind(intent, &machine).unwrap();
        let (given, login) = identity();
        let private = login.private().unwrap();
        let shown = format!("{given:?}");
        assert!(private.expose().lines().all(|line| !shown.contains(line)), "{shown}");
        identities.begin(intent, &given).unwrap();
        assert!(identities.of(&machine).unwrap().is_none());
        identities.bind(intent, &machine).unwrap();
        identities.bind(intent, &machine).unwrap();
        let kept = identities.of(&machine).unwrap().unwrap();
        assert_eq!(kept.host_keys, given.host_keys);
        assert_eq!(kept.login.unwrap().public_key(), login.public());
        assert_eq!(kept.birth, given.birth);
        let next = vec![HostKey::generate().unwrap().public().clone(), given.host_keys[0].clone()];
        identities.pin(&machine, &next).unwrap();
        assert_eq!(identities.of(&machine).unwrap().unwrap().host_keys, next);
        identities.grown(&machine).unwrap();
        identities.grown(&machine).unwrap();
        assert_eq!(identities.of(&machine).unwrap().unwrap().birth, None);
        identities.forget(&machine).unwrap();
        identities.forget(&machine).unwrap();
        assert!(identities.of(&machine).unwrap().is_none());
        assert_eq!(fs::read_dir(home.path().join("a/b")).unwrap().count(), 0);
    }

    #[test]
    fn a_wish_that_came_to_nothing_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let identities = Identities::new(home.path());
        let intent = IntentId::mint();
        identities.begin(intent, &identity().0).unwrap();
        identities.abandon(intent).unwrap();
        identities.abandon(intent).unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_at_a_time_changes_it() {
        let home = tempfile::tempdir().unwrap();
        let identities = Identities::new(home.path());
        let machine = MachineId::new("one");
        assert!(identities.lock(&machine).is_err());
        identities.pin(&machine, &identity().0.host_keys).unwrap();
        let held = identities.lock(&machine).unwrap();
        assert!(held.is_some() && identities.lock(&machine).unwrap().is_none());
        drop(held);
        assert!(identities.lock(&machine).unwrap().is_some());
    }

    #[test]
    fn nobody_else_can_read_it() {
        let home = tempfile::tempdir().unwrap();
        let identities = Identities::new(home.path().join("ssh"));
        let machine = MachineId::new("one");
        let intent = IntentId::mint();
        identities.begin(intent, &identity().0).unwrap();
        identities.bind(intent, &machine).unwrap();
        let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().mode() & 0o777;
        assert_eq!((mode("ssh"), mode("ssh/machine-one")), (0o700, 0o700));
        assert_eq!((mode("ssh/machine-one/login"), mode("ssh/machine-one/host_keys")), (0o600, 0o600));
    }

    #[test]
    fn what_is_damaged_or_no_id_is_told() {
        let home = tempfile::tempdir().unwrap();
        let identities = Identities::new(home.path());
        for id in ["", "..", "../x", "a/b", "a\0"] {
            assert_eq!(identities.of(&MachineId::new(id)).unwrap_err().kind(), ErrorKind::Invalid, "{id:?}");
        }
        let (intent, machine) = (IntentId::mint(), MachineId::new("one"));
        identities.begin(intent, &identity().0).unwrap();
        identities.bind(intent, &machine).unwrap();
        fs::write(home.path().join("machine-one/host_keys"), "nonsense\n").unwrap();
        let error = identities.of(&machine).unwrap_err();
        assert!(error.kind() == ErrorKind::Config && error.to_string().contains("machine-one/host_keys"), "{error}");
    }
}
