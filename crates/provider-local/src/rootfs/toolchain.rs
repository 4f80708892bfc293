//! Toolchains below the home directory: shown at their own paths, so that what refers to them by path finds them.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::mount::{MountFlags, mount};

use super::STAGE;
use super::root::{Root, through};
use super::writable::make_directory;
use crate::fault::{Step, reason};
use crate::layout::RW;
use crate::mount_text::path_of;
use crate::order::StartFailure;
use crate::record::Toolchain;

/// Where the changes to toolchains are kept, below `rw/`.
const CHANGES: &str = "overlay";

/// Shows all of them, outer ones first.
pub(super) fn show_all(root: &Root, toolchains: &[Toolchain], notes: &mut Vec<String>) -> Step<()> {
    let mut order: Vec<(usize, &Toolchain)> = toolchains.iter().enumerate().collect();
    order.sort_by_key(|(_, toolchain)| path_of(&toolchain.path).components().count());
    for (number, toolchain) in order {
        let path = path_of(&toolchain.path);
        // It was there when the machine was created; that it is not any more is no reason not to start.
        if !path.exists() {
            notes.push(format!("the toolchain `{}` does not exist any more", path.display()));
            continue;
        }
        let changes = Path::new(RW).join(CHANGES).join(number.to_string());
        if toolchain.writable && path.is_dir() {
            match overlay(root, path, &changes, &toolchain.hidden) {
                Ok(()) => continue,
                Err(why) => notes.push(format!("`{}` is read-only: {}", path.display(), why.message)),
            }
        }
        root.bind(path, path, true)?;
        for hidden in &toolchain.hidden {
            cover(root, &path.join(path_of(hidden)))?;
        }
    }
    Ok(())
}

/// Shows `lower` so that the machine may write to it, with what it writes kept in `changes`.
fn overlay(root: &Root, lower: &Path, changes: &Path, hidden: &[machine_core::OsText]) -> Step<()> {
    let target = root.directory(lower)?;
    let (upper, work) = (changes.join("upper"), changes.join("work"));
    let prepare = || -> io::Result<[OwnedFd; 3]> {
        make_directory(&upper)?;
        make_directory(&work)?;
        let directory = |path: &Path| open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        Ok([directory(lower)?, directory(&upper)?, directory(&work)?])
    };
    let failed = |what: &str, error: &io::Error| StartFailure::new(STAGE, format!("{what}: {}", reason(error)));
    let [lower_fd, upper_fd, work_fd] = prepare().map_err(|error| failed("no place for changes", &error))?;
    // Paths through descriptors need no escaping, whatever they hold.
    let data = format!(
        "lowerdir={},upperdir={},workdir={},userxattr",
        through(&lower_fd),
        through(&upper_fd),
        through(&work_fd)
    );
    let mut covered = Vec::new();
    for path in hidden.iter().map(path_of) {
        if !white_out(&upper, lower, path).unwrap_or(false) {
            covered.push(lower.join(path));
        }
    }
    mount(
        "overlay",
        through(&target),
        "overlay",
        MountFlags::NOSUID | MountFlags::NODEV,
        Some(cstring(data).as_c_str()),
    )
    .map_err(|error| failed("an overlay is not possible here", &error.into()))?;
    covered.iter().try_for_each(|path| cover(root, path))
}

/// Writes down in the changes that `path` was deleted: it is absent then, and may be made anew. Says whether that worked.
fn white_out(upper: &Path, lower: &Path, path: &Path) -> io::Result<bool> {
    if fs::symlink_metadata(lower.join(path)).is_err() {
        return Ok(true);
    }
    let mark: PathBuf = upper.join(path);
    if fs::symlink_metadata(&mark).is_ok() {
        // Marked at an earlier start, or the machine has made its own since.
        return Ok(true);
    }
    if let Some(parent) = mark.parent() {
        make_directory(parent)?;
    }
    Ok(mknodat(CWD, &mark, FileType::CharacterDevice, Mode::empty(), 0).is_ok())
}

/// Shows something empty in place of `path`, where there is something.
fn cover(root: &Root, path: &Path) -> Step<()> {
    let Ok(place) = root.open(path) else { return Ok(()) };
    let is_directory =
        rustix::fs::fstat(&place).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
    if is_directory {
        root.mount("tmpfs", path, MountFlags::NODEV | MountFlags::RDONLY, c"mode=755,size=4k")
    } else {
        root.bind_file(Path::new("/dev/null"), path, true)
    }
}

fn cstring(data: String) -> std::ffi::CString {
    // It is made of digits and slashes only.
    std::ffi::CString::new(data).unwrap_or_default()
}
