//! What stands in for a file system of the machine's own where there are no namespaces.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};

use super::writable::make_directory;
use super::{STAGE, files};
use crate::fault::{During as _, Step};
use crate::layout::RW;
use crate::memory;
use crate::mount_text::path_of;
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
    let memory = memory::make(&order.spec.id, &directory)
        .during(STAGE, || "cannot make a directory in memory for the machine's files".to_owned())?;
    let Some(memory) = memory else {
        return Err(StartFailure::new(STAGE, "there is no directory in memory for the machine's files"));
    };
    let files = memory.join(memory::SHOWN);
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

/// Makes a directory anew, for this user alone.
fn fresh(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::DirBuilder::new().mode(0o700).create(path)
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
