//! Showing a directory or file of the computer inside.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use machine_sys::mounts::{Restrictions, restrict};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, mkdirat, openat, statvfs};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MoveMountFlags, OpenTreeFlags, mount_remount, move_mount, open_tree};

use super::STAGE;
use super::root::{Root, through};
use crate::fault::{During as _, Step};

impl Root {
    /// Shows the directory or file `source` of the computer at `target`, mounts below it included.
    pub(crate) fn bind(&self, source: &Path, target: &Path, read_only: bool) -> Step<()> {
        let tree = copy_tree(source)?;
        let is_directory = fstat(&tree)
            .map(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
            .during(STAGE, || format!("cannot look at `{}`", source.display()))?;
        let place = if is_directory { self.directory(target)? } else { self.placeholder(target)? };
        let how = Restrictions { read_only, no_devices: true, recursive: true };
        attach(&tree, &place, how).during(STAGE, || cannot_show(source, target))
    }

    /// Shows the file `source` of the computer at `target`.
    pub(crate) fn bind_file(&self, source: &Path, target: &Path, read_only: bool) -> Step<()> {
        let tree = copy_tree(source)?;
        let place = self.placeholder(target)?;
        let how = Restrictions { read_only, no_devices: true, recursive: false };
        attach(&tree, &place, how).during(STAGE, || cannot_show(source, target))
    }

    /// Makes what is mounted inside at `path`, or lies there, read-only from here on down.
    pub(crate) fn protect(&self, path: &Path) -> Step<()> {
        let place = match self.open(path) {
            Ok(place) => place,
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(error).during(STAGE, || format!("cannot protect `{}`", path.display())),
        };
        let protect = || -> io::Result<()> {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE
                | OpenTreeFlags::AT_EMPTY_PATH
                | OpenTreeFlags::AT_RECURSIVE
                | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            let tree = open_tree(&place, "", flags)?;
            attach(&tree, &place, Restrictions { read_only: true, no_devices: true, recursive: true })
        };
        protect().during(STAGE, || format!("cannot protect `{}` of the machine", path.display()))
    }
}

/// Shows `source` as `name` in `directory`, where nothing of that name is yet. For the many small things that every machine
/// has: half as many system calls as by path.
pub(super) fn bind_new(directory: &OwnedFd, name: &OsStr, source: &Path, how: Show) -> Step<()> {
    let tree = copy_tree(source)?;
    let place = if how == Show::Directory {
        mkdirat(directory, name, Mode::from_raw_mode(0o755))
            .and_then(|()| openat(directory, name, OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty()))
    } else {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        openat(directory, name, flags, Mode::from_raw_mode(0o600))
    };
    let restrictions = match how {
        Show::Directory => Restrictions { read_only: true, no_devices: true, recursive: true },
        Show::File => Restrictions { read_only: true, no_devices: true, recursive: false },
        Show::Device => Restrictions { read_only: false, no_devices: false, recursive: false },
    };
    place
        .map_err(io::Error::from)
        .and_then(|place| attach(&tree, &place, restrictions))
        .during(STAGE, || format!("cannot show `{}` in the machine", source.display()))
}

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// A directory, read-only.
    Directory,
    /// A file, read-only.
    File,
    /// A device file, with its power as a device.
    Device,
}

fn cannot_show(source: &Path, target: &Path) -> String {
    format!("cannot show `{}` as `{}` in the machine", source.display(), target.display())
}

/// A copy of the mounts from `source` on, attached nowhere yet.
fn copy_tree(source: &Path) -> Step<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_RECURSIVE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    open_tree(CWD, source, flags).during(STAGE, || format!("cannot show `{}` in the machine", source.display()))
}

/// Attaches `tree` at `place`, restricted before anybody can see it.
fn attach(tree: &OwnedFd, place: &OwnedFd, how: Restrictions) -> io::Result<()> {
    let restricted = restrict(tree, how);
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    match restricted {
        Ok(()) => Ok(move_mount(tree, "", place, "", flags)?),
        Err(error) if error.raw_os_error() == Some(Errno::NOSYS.raw_os_error()) => {
            move_mount(tree, "", place, "", flags)?;
            restrict_by_remount(tree, how)
        }
        Err(error) => Err(error),
    }
}

/// As Linux before 5.12 does it: one mount at a time. Mounts below `tree` keep what they allow; what could be gained by
/// listing them is not worth a second way through a parser for old systems only.
fn restrict_by_remount(tree: impl AsFd, how: Restrictions) -> io::Result<()> {
    let path = through(&tree);
    let mut flags = MountFlags::BIND | MountFlags::NOSUID;
    if how.read_only {
        flags |= MountFlags::RDONLY;
    }
    if how.no_devices {
        flags |= MountFlags::NODEV;
    }
    // What the computer's own mount forbids is locked, and has to be repeated.
    let locked = statvfs(&path)?.f_flag;
    for (from, to) in [
        (rustix::fs::StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (rustix::fs::StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (rustix::fs::StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (rustix::fs::StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (rustix::fs::StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (rustix::fs::StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
        (rustix::fs::StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
    ] {
        if locked.contains(from) {
            flags |= to;
        }
    }
    Ok(mount_remount(path, flags, c"")?)
}
