//! Who we are: the identity that is written on everything we make, bound to this computer and this directory.
//!
//! A copied state directory must not believe that the original's machines are its own: the copy's ledger knows nothing of
//! what the original made since, and would sweep it. So the owner is bound to the computer and to the directory's
//! inode and birth, and whoever finds no owner for where it stands mints a new one. Owners are kept side by side, because a
//! directory can be seen by two computers at once (a container's view of its host's) and must not change hands at every turn.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, OwnerId, Result};
use serde::{Deserialize, Serialize};

use crate::StateDir;

/// The file's name in the state directory.
const FILE: &str = "owner";
/// Keeps the hash of this computer's identity apart from any other use of it, as machine-id(5) asks.
const CONTEXT: &str = "machine 2026 owner of a state directory";
/// Length of an owner's id, in characters.
const LENGTH: usize = 26;
/// Lower-case letters and digits without the look-alikes `i l o u`, as in a ULID: every cloud's tags take them.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The file `owner`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct OwnerFile {
    owners: Vec<Bound>,
}

/// An owner, and where it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bound {
    owner: OwnerId,
    #[serde(flatten)]
    place: Place,
}

/// This computer and this very directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    /// A hash: the computer's own identity is nobody else's business.
    computer: String,
    /// The directory's inode. Its device is left out, for it may be numbered anew at every boot.
    inode: u64,
    /// When the directory was born, where the file system tells: a copy has another birthday even where chance gives it
    /// the same inode.
    born: Option<Timestamp>,
}

impl Place {
    fn of(dir: &StateDir) -> io::Result<Self> {
        let found = fs::metadata(dir.path())?;
        let born = found.created().ok().and_then(|born| Timestamp::try_from(born).ok());
        Ok(Self { computer: computer(), inode: found.ino(), born })
    }

    /// Whether both are the same place. A birthday counts only where both know it: a newer kernel may tell what an older
    /// one did not.
    fn is(&self, other: &Self) -> bool {
        let born = match (self.born, other.born) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        };
        self.computer == other.computer && self.inode == other.inode && born
    }
}

/// The owner that `dir` gives to this computer; minted and written down at the first call.
///
/// # Errors
/// [`ErrorKind::Ledger`] when the file `owner` cannot be understood: a new owner in its place would disown every machine.
pub(crate) async fn of(dir: &StateDir) -> Result<OwnerId> {
    let failed = |error| Error::io(format!("the owner of {} cannot be settled", dir.path().display()), error);
    let place = Place::of(dir).map_err(failed)?;
    if let Some(owner) = known(&read(dir)?, &place) {
        return Ok(owner);
    }
    let _lock = dir.lock().await?;
    // Another process may have been first.
    let mut file = read(dir)?;
    if let Some(owner) = known(&file, &place) {
        return Ok(owner);
    }
    let owner = mint()?;
    file.owners.push(Bound { owner: owner.clone(), place });
    let text = serde_json::to_vec_pretty(&file).map_err(|error| failed(error.into()))?;
    dir.write_whole(FILE, &text).map_err(failed)?;
    Ok(owner)
}

/// The same where it was settled before; touches nothing.
pub(crate) fn settled(dir: &StateDir) -> Result<Option<OwnerId>> {
    match Place::of(dir) {
        Ok(place) => Ok(known(&read(dir)?, &place)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(format!("{} cannot be read", dir.path().display()), error)),
    }
}

fn known(file: &OwnerFile, place: &Place) -> Option<OwnerId> {
    file.owners.iter().find(|bound| bound.place.is(place)).map(|bound| bound.owner.clone())
}

fn read(dir: &StateDir) -> Result<OwnerFile> {
    let path = dir.path().join(FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(OwnerFile::default()),
        Err(error) => return Err(Error::io(format!("{} cannot be read", path.display()), error)),
    };
    serde_json::from_slice(&text).map_err(|error| {
        let what = format!("{} is damaged and says no longer whose machines are ours: {error}", path.display());
        Error::new(ErrorKind::Ledger, what)
            .with_hint("restore it from a backup; with it moved away, every machine made so far is taken for another's")
            .with_source(error)
    })
}

fn mint() -> Result<OwnerId> {
    let mut random = [0; LENGTH];
    getrandom::fill(&mut random)
        .map_err(|error| Error::new(ErrorKind::System, format!("the system has no random numbers: {error}")))?;
    Ok(OwnerId::new(random.map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).iter().collect::<String>()))
}

/// A hash of what tells this computer from others: its machine-id, else its host name.
fn computer() -> String {
    let id = ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .map(|id| id.trim().to_owned())
        .find(|id| !id.is_empty() && id != "uninitialized")
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned());
    blake3::Hasher::new_derive_key(CONTEXT).update(id.as_bytes()).finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
#[path = "owner_tests.rs"]
mod tests;
