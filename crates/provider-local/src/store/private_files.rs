//! The files that a machine was given, kept in memory of the computer so that they survive a stop and a start. They are
//! secrets: never in the state directory, gone with a reboot.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use machine_core::Result;
use rustix::fs::{Mode, OFlags};

use super::{Store, create_new, failed};
use crate::order::FileOrder;

/// The file that holds them.
const FILES: &str = "files.json";
/// The file that says to which state directory they belong: all of a user's share the place.
const OWNER: &str = "state-directory";
/// What `statfs` says of a file system in memory.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// Where the files of one machine are kept.
#[derive(Debug)]
pub(crate) struct PrivateFiles {
    /// The candidates, the preferred one first. All are looked at when reading: the environment of a later command may
    /// differ from that of the creation.
    dirs: Vec<PathBuf>,
    root: PathBuf,
}

impl Store {
    /// The places for the files of machine `id`.
    pub(crate) fn private_files(&self, id: &str) -> PrivateFiles {
        PrivateFiles { dirs: bases().into_iter().map(|base| base.join(id)).collect(), root: self.root.clone() }
    }

    /// The ids of machines of this state directory that files are kept for.
    pub(crate) fn kept_files(&self) -> Vec<String> {
        let mut ids = Vec::new();
        for base in bases() {
            for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
                let ours = std::fs::read(entry.path().join(OWNER))
                    .is_ok_and(|owner| owner == self.root.as_os_str().as_encoded_bytes());
                if let (true, Ok(id)) = (ours, entry.file_name().into_string()) {
                    ids.push(id);
                }
            }
        }
        ids
    }
}

impl PrivateFiles {
    /// Keeps `files`; says whether there was a place for them. Without one, they last until the machine stops.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when there is a place and it cannot be written.
    pub(crate) fn keep(&self, files: &[FileOrder]) -> Result<bool> {
        for dir in &self.dirs {
            let Some(base) = dir.parent().filter(|base| usable(base)) else { continue };
            let keep = || -> std::io::Result<()> {
                match DirBuilder::new().mode(0o700).create(dir) {
                    Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
                    _ => {}
                }
                let fd = rustix::fs::open(dir, OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?;
                create_new(&fd, OWNER, self.root.as_os_str().as_encoded_bytes())?;
                create_new(&fd, FILES, &serde_json::to_vec(files)?)
            };
            return keep().map(|()| true).map_err(|error| failed("keep the machine's files in", base, error));
        }
        Ok(false)
    }

    /// The files, where they are still there.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when they are there and cannot be read.
    pub(crate) fn load(&self) -> Result<Option<Vec<FileOrder>>> {
        for dir in &self.dirs {
            let path = dir.join(FILES);
            let Ok(file) = File::open(&path) else { continue };
            if !file.metadata().is_ok_and(|metadata| metadata.uid() == rustix::process::geteuid().as_raw()) {
                continue;
            }
            return serde_json::from_reader(std::io::BufReader::new(file))
                .map(Some)
                .map_err(|error| failed("read", &path, std::io::Error::from(error)));
        }
        Ok(None)
    }

    /// Removes them.
    pub(crate) fn remove(&self) {
        for dir in &self.dirs {
            // In memory, and ours alone: what cannot be removed goes with the next reboot.
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

/// The directories below which machines' files are kept, whether they exist or not.
fn bases() -> Vec<PathBuf> {
    let uid = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let runtime = runtime.or_else(|| Some(PathBuf::from(format!("/run/user/{uid}")))).map(|dir| dir.join("machine"));
    runtime.into_iter().chain([PathBuf::from(format!("/dev/shm/machine-{uid}"))]).collect()
}

/// Whether `base` is, or can be made, a directory in memory that nobody else can look into.
fn usable(base: &Path) -> bool {
    // A failure shows in what is found afterwards: `/dev/shm` is for everybody, so that the name may be taken.
    let _ = DirBuilder::new().mode(0o700).create(base);
    let Ok(metadata) = base.symlink_metadata() else { return false };
    let in_memory =
        rustix::fs::statfs(base).is_ok_and(|fs| u64::try_from(fs.f_type).is_ok_and(|kind| kind == TMPFS_MAGIC));
    metadata.is_dir()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode() & 0o077 == 0
        && in_memory
}
