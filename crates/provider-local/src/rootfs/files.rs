//! The files that were handed over: in memory, whatever is mounted where they belong.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fchmod, openat, unlinkat};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

use super::STAGE;
use super::root::{Root, split};
use crate::fault::{During as _, Step};
use crate::memory::is_in_memory;
use crate::mount_text::path_of;
use crate::order::FileOrder;

/// Where the contents of files lie that belong on a disk.
const HIDDEN: &str = "/run/machine/.files";

/// Writes all of them.
pub(super) fn write_all(root: &Root, files: &[FileOrder]) -> Step<()> {
    for (number, file) in files.iter().enumerate() {
        let path = path_of(&file.path);
        let (parent, name) = split(path)?;
        let parent = root.directory(parent)?;
        let what = || format!("cannot write `{}` of the machine", path.display());
        if is_in_memory(&parent).during(STAGE, what)? {
            // In place of what is there: a name that leads elsewhere is not followed.
            match unlinkat(&parent, name, rustix::fs::AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error).during(STAGE, what),
            }
            write(&parent, Path::new(name), file).during(STAGE, what)?;
        } else {
            let hidden = root.directory(Path::new(HIDDEN))?;
            let place = root.placeholder(path)?;
            cover(&hidden, &number.to_string(), &place, file).during(STAGE, what)?;
        }
    }
    Ok(())
}

/// Shows a file in memory in place of one on a disk, where the contents must not go.
fn cover(hidden: &OwnedFd, name: &str, place: &OwnedFd, file: &FileOrder) -> io::Result<()> {
    write(hidden, Path::new(name), file)?;
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tree = open_tree(hidden, name, flags)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(&tree, "", place, "", flags)?)
}

/// Writes one file that is not there yet.
pub(super) fn write(directory: &OwnedFd, name: &Path, file: &FileOrder) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut open = File::from(openat(directory, name, flags, Mode::from_raw_mode(0o600))?);
    open.write_all(file.contents.as_bytes())?;
    // Not by the creation mode, which the umask cuts.
    Ok(fchmod(&open, Mode::from_raw_mode(file.mode & 0o7777))?)
}
