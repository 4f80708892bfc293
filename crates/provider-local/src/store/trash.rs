//! The way in and out: machines are made under `trash/` and renamed into place, and renamed back there to be deleted. What
//! a crash leaves there is rubbish by definition.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use machine_core::{Error, ErrorKind, Result};
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;

use super::locks::DirLock;
use super::machine_dir::OPEN_DIR;
use super::remove::remove_tree;
use super::{DIR_MODE, MachineDir, Store, create_new, failed};
use crate::layout::{LOG, MACHINES, RW, SPEC, TRASH};
use crate::record::SpecRecord;

/// How long a maker waits for a sweeper to have looked at the trash.
const PATIENCE: Duration = Duration::from_secs(5);

/// A machine's directory before it is in place. While this lives, sweepers leave the trash alone.
#[derive(Debug)]
pub(crate) struct Nascent {
    dir: MachineDir,
    name_in_trash: String,
    _lock: DirLock,
}

impl Store {
    /// Makes the directory of the machine that `spec` describes, complete but not in place.
    ///
    /// # Errors
    /// [`ErrorKind::System`] (a full disk, a read-only file system); then nothing is left of it.
    pub(crate) fn make_machine(&self, spec: &SpecRecord) -> Result<Nascent> {
        let at_trash = |error: std::io::Error| failed("make a machine in", &self.root, error);
        let lock = DirLock::take(&self.trash, false, PATIENCE).map_err(at_trash)?;
        let name = self.name_in_trash(&spec.id);
        rustix::fs::mkdirat(&self.trash, &name, DIR_MODE).map_err(|error| at_trash(error.into()))?;
        let make = || -> std::io::Result<MachineDir> {
            let fd = rustix::fs::openat(&self.trash, &name, OPEN_DIR, Mode::empty())?;
            create_new(&fd, SPEC, &serde_json::to_vec(spec)?)?;
            for part in [LOG, RW] {
                rustix::fs::mkdirat(&fd, part, DIR_MODE)?;
            }
            Ok(MachineDir::elsewhere(&spec.id, self.root.join(MACHINES).join(&spec.id), fd))
        };
        match make() {
            Ok(dir) => Ok(Nascent { dir, name_in_trash: name, _lock: lock }),
            Err(error) => {
                self.delete_from_trash(&name).ok();
                Err(at_trash(error))
            }
        }
    }

    /// Puts a machine's directory into place. Fails when one of that id is there.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`]; [`ErrorKind::System`]. The directory is deleted then.
    pub(crate) fn place_machine(&self, nascent: Nascent) -> Result<MachineDir> {
        let Nascent { dir, name_in_trash, _lock } = nascent;
        // A directory never replaces one that has something in it.
        match rustix::fs::renameat(&self.trash, &name_in_trash, &self.machines, dir.id()) {
            // Not synced: a power cut ends every machine anyway, and one whose place was not on the disk yet is simply gone.
            Ok(()) => Ok(dir),
            Err(error) => {
                self.delete_from_trash(&name_in_trash).ok();
                Err(match error {
                    Errno::EXIST | Errno::NOTEMPTY => {
                        Error::new(ErrorKind::AlreadyExists, format!("machine {} exists already", dir.id()))
                    }
                    error => failed("make", dir.path(), error),
                })
            }
        }
    }

    /// Deletes a machine's directory that was never put into place.
    pub(crate) fn discard(&self, nascent: Nascent) {
        // What is left is swept later; the failure that led here is the one to report.
        self.delete_from_trash(&nascent.name_in_trash).ok();
    }

    /// Takes machine `id` out of its place; it no longer exists from here on. Says under which name it is in the trash, or
    /// nothing where there was none.
    ///
    /// # Errors
    /// [`ErrorKind::System`]; then it is still in place.
    pub(crate) fn displace_machine(&self, id: &str) -> Result<Option<String>> {
        let name = self.name_in_trash(id);
        match rustix::fs::renameat(&self.machines, id, &self.trash, &name) {
            Ok(()) => Ok(Some(name)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed("remove", &self.root.join(MACHINES).join(id), error)),
        }
    }

    /// Takes volume `id` out of its place, as [`displace_machine`](Self::displace_machine) does a machine.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn displace_volume(&self, id: &str) -> Result<Option<String>> {
        let name = self.name_in_trash(id);
        match rustix::fs::renameat(&self.volumes, id, &self.trash, &name) {
            Ok(()) => Ok(Some(name)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed("remove", &self.root.join(crate::layout::VOLUMES).join(id), error)),
        }
    }

    /// Deletes one thing in the trash.
    ///
    /// # Errors
    /// [`ErrorKind::System`], with the path that cannot be deleted.
    pub(crate) fn delete_from_trash(&self, name: &str) -> Result<()> {
        remove_tree(&self.trash, name).map_err(|error| {
            failed("delete", &self.root.join(TRASH).join(name), error)
                .with_hint("it is no machine any more; `machine gc` tries again")
        })
    }

    /// What is in the trash and nobody is at, by name.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when it cannot be read.
    pub(crate) fn rubbish(&self) -> Result<Vec<String>> {
        // Nobody is making anything while this is held; names are never used twice, so that what is listed now stays rubbish.
        let _lock = DirLock::take(&self.trash, true, PATIENCE)
            .map_err(|error| failed("look into", &self.root.join(TRASH), error))?;
        self.entries(&self.trash, TRASH)
    }

    fn name_in_trash(&self, id: &str) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        // The time, because pids come round again.
        let now = jiff::Timestamp::now().as_microsecond();
        format!("{id}.{now}.{}.{count}", rustix::process::getpid().as_raw_nonzero())
    }

    /// Whether something other than a directory lies in a machine's place, or a directory without a specification.
    pub(crate) fn is_half_made(&self, dir: &MachineDir) -> bool {
        matches!(rustix::fs::statat(dir, SPEC, AtFlags::SYMLINK_NOFOLLOW), Err(Errno::NOENT))
    }
}

impl Nascent {
    /// Its directory.
    pub(crate) fn dir(&self) -> &MachineDir {
        &self.dir
    }
}
