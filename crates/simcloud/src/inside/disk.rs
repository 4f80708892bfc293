//! The machine's disk: what of the computer's file system shows in it becomes the machine's own.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, mount, mount_bind, mount_remount};

use crate::inside::KEPT;

/// Directories of programs: what is changed there is kept apart from the computer's.
const OVERLAID: &[&str] = &["/usr", "/opt"];

/// Makes the machine's file system its own, and says what stays as it is.
///
/// # Errors
/// What keeps the machine from coming up.
pub(super) fn make_own() -> io::Result<Vec<String>> {
    mount_remount("/", MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV, c"")?;
    let kept = Path::new(KEPT);
    make(kept, 0o700)?;
    let etc = kept.join("etc");
    if !etc.exists() {
        let new = kept.join("etc.new");
        copy(Path::new("/etc"), &new)?;
        fs::rename(&new, &etc)?;
    }
    mount_bind(&etc, "/etc")?;
    for (name, mode) in [("home", 0o755), ("opt", 0o755)] {
        let (own, shown) = (kept.join(name), Path::new("/").join(name));
        if shown.exists() {
            continue;
        }
        make(&own, mode)?;
        make(&shown, 0o755)?;
        mount_bind(&own, &shown)?;
    }
    make(Path::new("/mnt"), 0o755)?;
    fs::set_permissions("/root", Permissions::from_mode(0o700)).ok();
    let mut notes = Vec::new();
    for directory in OVERLAID.iter().map(Path::new).filter(|directory| !is_writable(directory)) {
        if let Err(error) =
            overlay(directory, &kept.join("overlay").join(directory.strip_prefix("/").unwrap_or(directory)))
        {
            notes.push(format!("{} is read-only: {error}", directory.display()));
        }
    }
    Ok(notes)
}

fn is_writable(directory: &Path) -> bool {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Shows `directory` with the machine's own changes, which lie in `changes`.
fn overlay(directory: &Path, changes: &Path) -> io::Result<()> {
    let (upper, work) = (changes.join("upper"), changes.join("work"));
    make(&upper, 0o755)?;
    make(&work, 0o755)?;
    let data =
        format!("lowerdir={},upperdir={},workdir={},userxattr", directory.display(), upper.display(), work.display());
    let data = std::ffi::CString::new(data).map_err(io::Error::other)?;
    Ok(mount("overlay", directory, "overlay", MountFlags::NOSUID | MountFlags::NODEV, Some(data.as_c_str()))?)
}

/// Copies what there is of `from`. What may not be read is left out.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => make(to, 0o755)?,
    }
    let mut waiting: Vec<PathBuf> = vec![PathBuf::new()];
    while let Some(below) = waiting.pop() {
        let Ok(entries) = fs::read_dir(from.join(&below)) else { continue };
        for entry in entries.flatten() {
            let path = below.join(entry.file_name());
            let (source, target) = (entry.path(), to.join(&path));
            let Ok(metadata) = fs::symlink_metadata(&source) else { continue };
            if metadata.is_dir() {
                make(&target, metadata.permissions().mode() & 0o7777)?;
                waiting.push(path);
            } else if metadata.is_symlink() {
                symlink(fs::read_link(&source)?, &target)?;
            } else if metadata.is_file() {
                match fs::copy(&source, &target) {
                    Err(error) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// Makes a directory where there is none, its parents included.
pub(super) fn make(path: &Path, mode: u32) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(path)
}

/// Writes a file that nobody but root may read, whole or not at all.
pub(super) fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    write(path, contents, 0o600)
}

/// Writes a file, whole or not at all.
pub(super) fn write(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        make(parent, 0o755)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&new)?;
    file.write_all(contents)?;
    // Not by the creation mode, which the umask cuts.
    file.set_permissions(Permissions::from_mode(mode))?;
    fs::rename(new, path)
}
