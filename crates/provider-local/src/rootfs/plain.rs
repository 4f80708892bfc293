//! What stands in for a file system of the machine's own where there are no namespaces.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};

use super::writable::make_directory;
use super::{STAGE, files, path_of};
use crate::fault::{During as _, Step};
use crate::layout::RW;
use crate::order::{StartFailure, StartOrder};

/// Where things are, for a machine that sees the computer as it is.
#[derive(Debug)]
pub(crate) struct Plain {
    /// Its `/work`.
    pub(crate) work: PathBuf,
    /// The directory in memory under which the files that were handed over lie.
    pub(crate) files: PathBuf,
}

/// Makes the machine's `/work` and writes the files that were handed over, in memory.
pub(crate) fn prepare_plain(order: &StartOrder) -> Step<Plain> {
    let directory = std::env::current_dir().during(STAGE, || "cannot tell the machine's directory".to_owned())?;
    let work = directory.join(RW).join("work");
    make_directory(&work).during(STAGE, || format!("cannot make `{}`", work.display()))?;
    let files = files_directory(&order.spec.id);
    fresh(&files).during(STAGE, || format!("cannot make `{}`", files.display()))?;
    private_directory(&files.join("run/machine")).during(STAGE, || format!("cannot fill `{}`", files.display()))?;
    for file in &order.files {
        let inside = path_of(&file.path);
        let path = files.join(below_root(inside)?);
        let what = || format!("cannot write `{}`", path.display());
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
        private_directory(parent).during(STAGE, what)?;
        let parent =
            open(parent, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).during(STAGE, what)?;
        files::write(&parent, Path::new(name), file).during(STAGE, what)?;
    }
    Ok(Plain { work, files })
}

/// Removes the files that were handed over.
pub(crate) fn remove_plain(id: &str) {
    // What is left by a failure here is removed by the next start or when the machine is destroyed.
    let _ = fs::remove_dir_all(files_directory(id));
}

/// A directory that is in memory and this user's alone.
fn files_directory(id: &str) -> PathBuf {
    let base = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        Some(directory) if directory.is_absolute() && directory.is_dir() => directory.join("machine-files"),
        _ => {
            let mut name = OsString::from("machine-files-");
            name.push(rustix::process::geteuid().as_raw().to_string());
            Path::new("/dev/shm").join(name)
        }
    };
    base.join(id)
}

/// Makes a directory anew, its parents included, for this user alone.
fn fresh(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        private_directory(parent)?;
        // Anybody can make a directory in /dev/shm first.
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::symlink_metadata(parent)?);
        if owner != rustix::process::geteuid().as_raw() || !fs::symlink_metadata(parent)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to somebody else"));
        }
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private_directory(path)
}

fn private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// `path` without its leading slash; refused where it climbs.
fn below_root(path: &Path) -> Step<PathBuf> {
    let mut below = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => below.push(name),
            Component::RootDir | Component::CurDir => {}
            _ => {
                let message = format!("`{}` is not a plain absolute path", path.display());
                return Err(StartFailure::new(STAGE, message));
            }
        }
    }
    Ok(below)
}
