//! Directories in memory, one for each machine that needs one: for what must reach no disk, so that it cannot lie in the
//! machine's own directory. They are gone with a reboot.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::store::create_new;

/// The files that the machine was given at creation, for a later start.
pub(crate) const KEPT: &str = "files.json";
/// What a machine without a file system of its own sees of them, as a tree.
pub(crate) const SHOWN: &str = "tree";
/// The file that names the machine's own directory: all state directories of a user share the places.
const MACHINE_DIRECTORY: &str = "machine-directory";
/// What a directory's name starts with; the machine's id follows.
const PREFIX: &str = "machine-";
/// What `statfs` says of a file system in memory.
const TMPFS: u64 = 0x0102_1994;

/// Makes the directory in memory of machine `id`, whose own directory is `machine`, or finds the one that is there. Nothing
/// where this computer has no place in memory.
///
/// # Errors
/// When there is such a place and it cannot be written, or somebody else has taken the name.
pub(crate) fn make(id: &str, machine: &Path) -> io::Result<Option<PathBuf>> {
    let mut failure = None;
    for dir in places(id) {
        if !dir.parent().is_some_and(is_path_in_memory) {
            continue;
        }
        match claim(&dir, machine) {
            Ok(()) => return Ok(Some(dir)),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(None), Err)
}

/// Where the directory of machine `id` may be, the preferred place first. All are looked at when reading: the environment
/// of a later command may differ from that of the creation.
pub(crate) fn places(id: &str) -> [PathBuf; 2] {
    parents().map(|parent| parent.join(format!("{PREFIX}{id}")))
}

/// The ids of the machines below the directory `machines` that have a directory in memory.
pub(crate) fn ids_of(machines: &Path) -> Vec<String> {
    let entries = parents().into_iter().filter_map(|parent| fs::read_dir(parent).ok()).flatten().flatten();
    let ours = entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.strip_prefix(PREFIX)?.to_owned();
        let path = entry.path();
        let named = fs::read(path.join(MACHINE_DIRECTORY)).ok().filter(|_| is_own(&path))?;
        (named == machines.join(&id).as_os_str().as_encoded_bytes()).then_some(id)
    });
    let mut ids: Vec<String> = ours.collect();
    ids.dedup();
    ids
}

/// Removes what machine `id` has in memory.
pub(crate) fn remove(id: &str) {
    for dir in places(id) {
        // Ours alone: what cannot be removed goes with the next reboot.
        let _ = fs::remove_dir_all(dir);
    }
}

/// Removes what only a running machine needs.
pub(crate) fn remove_shown(id: &str) {
    for dir in places(id) {
        // As in `remove`.
        let _ = fs::remove_dir_all(if dir.join(KEPT).exists() { dir.join(SHOWN) } else { dir });
    }
}

/// Whether the file system that `directory` lies on is one in memory.
pub(crate) fn is_in_memory(directory: impl AsFd) -> io::Result<bool> {
    Ok(u64::try_from(rustix::fs::fstatfs(directory)?.f_type).is_ok_and(|kind| kind == TMPFS))
}

fn is_path_in_memory(path: &Path) -> bool {
    rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .is_ok_and(|directory| is_in_memory(&directory).unwrap_or(false))
}

/// The directories that hold ours and others', whether they exist or not.
fn parents() -> [PathBuf; 2] {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let runtime = runtime.unwrap_or_else(|| format!("/run/user/{}", rustix::process::geteuid().as_raw()).into());
    [runtime, PathBuf::from("/dev/shm")]
}

fn claim(dir: &Path, machine: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        // Anybody can make any name in /dev/shm.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_own(dir) => {}
        made => made?,
    }
    let fd = rustix::fs::open(dir, OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?;
    match create_new(&fd, MACHINE_DIRECTORY, machine.as_os_str().as_encoded_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        written => written,
    }
}

/// Whether `dir` is a directory of this user's that nobody else can look into.
pub(crate) fn is_own(dir: &Path) -> bool {
    dir.symlink_metadata().is_ok_and(|found| {
        found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0
    })
}
