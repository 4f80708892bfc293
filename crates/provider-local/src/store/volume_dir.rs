//! One volume's directory.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{Attachment, Error, ErrorKind, Intent, Result};
use rustix::fs::Mode;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::files::read_json;
use super::locks::DirLock;
use super::machine_dir::OPEN_DIR;
use super::{DIR_MODE, Durability, Store, Unreadable, create_new, failed, is_id, write_json};
use crate::layout::{TRASH, VOLUME, VOLUME_DATA, VOLUMES};

/// How long to wait for others who are at a volume; they hold its lock for milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// `volume.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VolumeRecord {
    /// [`SCHEMA`](crate::record::SCHEMA).
    pub(crate) schema: u32,
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The intent behind it; its markers.
    pub(crate) intent: Intent,
    /// When it was created.
    pub(crate) created_at: Timestamp,
    /// What was asked for, in GiB. A directory has no size of its own.
    pub(crate) size_gib: u64,
    /// What has it.
    pub(crate) attached_to: Option<Attachment>,
}

/// One volume's directory, open.
#[derive(Debug)]
pub(crate) struct VolumeDir {
    id: String,
    path: PathBuf,
    fd: OwnedFd,
}

impl Store {
    /// The directory of volume `id`; nothing where there is none.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when it is there and cannot be opened.
    pub(crate) fn volume(&self, id: &str) -> Result<Option<VolumeDir>> {
        if !is_id(id, "v-") {
            return Ok(None);
        }
        let path = self.root.join(VOLUMES).join(id);
        match rustix::fs::openat(&self.volumes, id, OPEN_DIR, Mode::empty()) {
            Ok(fd) => Ok(Some(VolumeDir { id: id.to_owned(), path, fd })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed("open", &path, error)),
        }
    }

    /// The directory of volume `id`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is none.
    pub(crate) fn require_volume(&self, id: &str) -> Result<VolumeDir> {
        self.volume(id)?
            .ok_or_else(|| Error::not_found("volume", id).with_hint("`machine volumes list` shows what there is"))
    }

    /// Takes the right to make volumes: two at once could take the same name.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when another keeps it for seconds.
    pub(crate) fn lock_volumes(&self) -> Result<DirLock> {
        DirLock::take(&self.volumes, true, PATIENCE).map_err(|error| busy("the volumes are", error))
    }

    /// Makes a volume.
    ///
    /// # Errors
    /// [`ErrorKind::System`]; then nothing is left of it.
    pub(crate) fn make_volume(&self, record: &VolumeRecord) -> Result<()> {
        let _lock = DirLock::take(&self.trash, false, PATIENCE)
            .map_err(|error| failed("lock", &self.root.join(TRASH), error))?;
        let path = self.root.join(VOLUMES).join(&record.id);
        let name = format!("{}.new.{}", record.id, rustix::process::getpid().as_raw_nonzero());
        let make = || -> std::io::Result<()> {
            rustix::fs::mkdirat(&self.trash, &name, DIR_MODE)?;
            let dir = rustix::fs::openat(&self.trash, &name, OPEN_DIR, Mode::empty())?;
            rustix::fs::mkdirat(&dir, VOLUME_DATA, DIR_MODE)?;
            create_new(&dir, VOLUME, &serde_json::to_vec(record)?)?;
            rustix::fs::fsync(&dir)?;
            rustix::fs::renameat(&self.trash, &name, &self.volumes, &record.id)?;
            Ok(rustix::fs::fsync(&self.volumes)?)
        };
        make().map_err(|error| {
            self.delete_from_trash(&name).ok();
            failed("make", &path, error)
        })
    }
}

impl VolumeDir {
    /// The directory of its contents.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join(VOLUME_DATA)
    }

    /// Its record.
    ///
    /// # Errors
    /// When it is missing, cannot be read, or was written by a newer version.
    pub(crate) fn record(&self) -> Result<VolumeRecord, Unreadable> {
        let shown = || format!("{VOLUMES}/{}/{VOLUME}", self.id);
        read_json(&self.fd, VOLUME, shown)?.ok_or_else(|| Unreadable { file: shown(), why: "it is missing".to_owned() })
    }

    /// Takes the right to change it. Whoever needs a machine's `op.lock` too takes that first.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when another keeps it for seconds.
    pub(crate) fn lock(&self) -> Result<DirLock> {
        DirLock::take(&self.fd, true, PATIENCE).map_err(|error| busy(&format!("volume {} is", self.id), error))
    }

    /// Replaces its record; needs its lock.
    ///
    /// # Errors
    /// [`ErrorKind::System`]; then the old one stands.
    pub(crate) fn write(&self, _lock: &DirLock, record: &VolumeRecord) -> Result<()> {
        write_json(&self.fd, VOLUME, record, Durability::Durable)
            .map_err(|error| failed("write", &self.path.join(VOLUME), error))
    }
}

impl AsFd for VolumeDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn busy(what: &str, error: std::io::Error) -> Error {
    let kind = if error.kind() == std::io::ErrorKind::TimedOut { ErrorKind::Busy } else { ErrorKind::System };
    Error::new(kind, format!("{what} locked: {error}")).with_source(error)
}
