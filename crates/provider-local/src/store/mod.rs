//! The state directory: everything that is known of the machines on this computer, and nothing that is secret.

mod files;
mod locks;
mod machine_dir;
mod names;
mod private_files;
mod remove;
#[cfg(test)]
mod tests;
mod trash;
mod volume_dir;

use std::fs::DirBuilder;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use machine_core::{Error, ErrorKind, Result};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags};

pub(crate) use files::{Durability, Unreadable, create_new, failed, remedy, write_json};
pub(crate) use locks::OpLock;
pub(crate) use machine_dir::{MachineDir, Observed};
pub(crate) use remove::remove_tree;
pub(crate) use volume_dir::{VolumeDir, VolumeRecord};

use crate::layout::{MACHINES, NAMES, TRASH, VOLUMES};

/// Directories are for their owner only.
pub(crate) const DIR_MODE: Mode = Mode::RWXU;
/// Files are for their owner only.
pub(crate) const FILE_MODE: Mode = Mode::from_raw_mode(0o600);

/// The state directory, open.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
    machines: OwnedFd,
    names: OwnedFd,
    volumes: OwnedFd,
    trash: OwnedFd,
}

impl Store {
    /// Opens the state directory at `root`, making what is missing of it, and proves that it can be written.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when something else is in its place or it belongs to somebody else; [`ErrorKind::System`] when
    /// it cannot be made or written.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let unusable = |error: std::io::Error| {
            failed("use the state directory", root, error)
                .with_hint("set MACHINE_STATE_DIR to a directory that you can write to")
        };
        // One look: between two, another command can have made it.
        if root.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            DirBuilder::new().recursive(true).mode(DIR_MODE.as_raw_mode()).create(root).map_err(unusable)?;
        }
        let metadata = root.metadata().map_err(unusable)?;
        if !metadata.is_dir() {
            let message = format!("the state directory `{}` is not a directory", root.display());
            return Err(Error::new(ErrorKind::Config, message).with_hint("set MACHINE_STATE_DIR to another"));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            let message = format!("the state directory `{}` belongs to another user", root.display());
            return Err(Error::new(ErrorKind::Config, message).with_hint("set MACHINE_STATE_DIR to one of your own"));
        }
        // Its own path must not change under us, nor may it depend on the working directory.
        let root = root.canonicalize().map_err(unusable)?;
        let part = |name: &str| open_part(&root, name).map_err(|error| unusable(error.into()));
        Ok(Self { machines: part(MACHINES)?, names: part(NAMES)?, volumes: part(VOLUMES)?, trash: part(TRASH)?, root })
    }

    /// Where it is; absolute, without symbolic links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The ids of all machines, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when the directory cannot be read.
    pub(crate) fn machine_ids(&self) -> Result<Vec<String>> {
        self.entries(&self.machines, MACHINES)
    }

    /// The ids of all volumes, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when the directory cannot be read.
    pub(crate) fn volume_ids(&self) -> Result<Vec<String>> {
        self.entries(&self.volumes, VOLUMES)
    }

    /// The names in one of the store's directories, sorted.
    fn entries(&self, dir: &OwnedFd, name: &str) -> Result<Vec<String>> {
        files::names_in(dir).map_err(|error| failed("list", &self.root.join(name), error))
    }
}

fn open_part(root: &Path, name: &str) -> rustix::io::Result<OwnedFd> {
    let path = root.join(name);
    let open = || {
        rustix::fs::open(&path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
    };
    let dir = match open() {
        Err(rustix::io::Errno::NOENT) => {
            match rustix::fs::mkdir(&path, DIR_MODE) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            open()
        }
        other => other,
    }?;
    rustix::fs::accessat(CWD, &path, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?;
    Ok(dir)
}

/// Whether `id` can be the name of a directory of ours: what callers hand over must not climb out of the store.
pub(crate) fn is_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|rest| {
        !rest.is_empty() && rest.len() <= 64 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
