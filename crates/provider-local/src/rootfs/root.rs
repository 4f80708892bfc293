//! The root that is being built, and paths in it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use machine_sys::mounts::{Restrictions, restrict};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, mkdirat, openat, openat2, symlinkat};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_change, unmount};
use rustix::process::{chdir, fchdir, pivot_root};

use super::STAGE;
use crate::fault::{During as _, Step};
use crate::order::{Stage, StartFailure};

/// Where the new root is mounted until it becomes `/`: any directory will do that nothing is shown from.
const BUILDING_SITE: &str = crate::layout::LOG;

/// A path is never longer.
const LONGEST_LINK: usize = 4096;

/// The root that is being built. Paths in it are resolved as they will be inside, so that a link that the machine left in
/// its home leads nowhere else.
#[derive(Debug)]
pub(crate) struct Root(OwnedFd);

impl Root {
    /// Mounts an empty one below the working directory. This is the first thing that a system without user namespaces (or
    /// with a policy against them) refuses.
    pub(crate) fn create() -> Step<Self> {
        let barred =
            |what: &'static str| move |error: Errno| StartFailure::because(Stage::Namespaces, what, &error.into());
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
            .map_err(barred("cannot separate the machine's mounts from the computer's"))?;
        mount("tmpfs", BUILDING_SITE, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=755,size=64m")
            .map_err(barred("cannot mount a file system for the machine"))?;
        openat(CWD, BUILDING_SITE, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map(Self)
            .map_err(barred("cannot open the machine's file system"))
    }

    /// Makes it `/` and lets go of the computer's.
    pub(crate) fn enter(self) -> Step<()> {
        let how = Restrictions { read_only: true, no_devices: true, recursive: false };
        let restricted = restrict(&self.0, how).or_else(|error| match error.raw_os_error() {
            // Linux before 5.12. This mount is our own, so none of its flags is locked.
            Some(errno) if errno == Errno::NOSYS.raw_os_error() => {
                let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
                rustix::mount::mount_remount(BUILDING_SITE, flags, c"").map_err(io::Error::from)
            }
            _ => Err(error),
        });
        restricted.during(STAGE, || "cannot make the machine's `/` read-only".to_owned())?;
        let enter = || -> rustix::io::Result<()> {
            fchdir(&self.0)?;
            pivot_root(".", ".")?;
            unmount(".", UnmountFlags::DETACH)?;
            chdir("/")
        };
        enter().during(STAGE, || "cannot enter the machine's file system".to_owned())
    }

    /// Opens what is at `path` inside, to mount on or to make things in.
    pub(crate) fn open(&self, path: &Path) -> rustix::io::Result<OwnedFd> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        openat2(&self.0, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve)
    }

    /// Opens the directory at `path` inside, and makes it and those above it where they are missing.
    pub(crate) fn directory(&self, path: &Path) -> Step<OwnedFd> {
        match self.open(path) {
            Ok(fd) => return Ok(fd),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(unreachable_inside(path, error)),
        }
        let (parent, name) = split(path)?;
        let parent_fd = self.directory(parent)?;
        match mkdirat(&parent_fd, name, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(cannot_make(path, error)),
        }
        self.open(path).map_err(|error| unreachable_inside(path, error))
    }

    /// Opens the file at `path` inside to mount on it; makes it, empty, and the directories above it where missing.
    pub(crate) fn placeholder(&self, path: &Path) -> Step<OwnedFd> {
        match self.open(path) {
            Ok(fd) => return Ok(fd),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(unreachable_inside(path, error)),
        }
        let (parent, name) = split(path)?;
        let parent = self.directory(parent)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        match openat(&parent, name, flags, Mode::from_raw_mode(0o600)) {
            Ok(_) | Err(Errno::EXIST) => {}
            Err(error) => return Err(cannot_make(path, error)),
        }
        self.open(path).map_err(|error| unreachable_inside(path, error))
    }

    /// Makes a symbolic link.
    pub(crate) fn link(&self, path: &Path, target: &Path) -> Step<()> {
        let (parent, name) = split(path)?;
        let parent = self.directory(parent)?;
        match symlinkat(target, &parent, name) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(cannot_make(path, error)),
        }
    }

    /// Mounts a new file system on the directory at `path`.
    pub(crate) fn mount(&self, kind: &str, path: &Path, flags: MountFlags, data: &std::ffi::CStr) -> Step<()> {
        let target = self.directory(path)?;
        mount(kind, through(&target), kind, flags | MountFlags::NOSUID, data)
            .during(STAGE, || format!("cannot mount {kind} at `{}` of the machine", path.display()))
    }

    /// The root itself.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A path to what an open descriptor stands for, for system calls that take paths only.
pub(crate) fn through(fd: impl AsFd) -> String {
    use std::os::fd::AsRawFd as _;
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}

/// The directory and the last name of a path inside.
pub(crate) fn split(path: &Path) -> Step<(&Path, &std::ffi::OsStr)> {
    let bad = || StartFailure::new(STAGE, format!("`{}` is not an absolute path of a file", path.display()));
    match (path.parent(), path.components().next_back()) {
        (Some(parent), Some(Component::Normal(name))) if path.as_os_str().len() < LONGEST_LINK => Ok((parent, name)),
        _ => Err(bad()),
    }
}

fn unreachable_inside(path: &Path, error: Errno) -> StartFailure {
    StartFailure::because(STAGE, format!("cannot use `{}` of the machine", path.display()), &error.into())
}

fn cannot_make(path: &Path, error: Errno) -> StartFailure {
    let what = format!("`{}` does not exist in the machine and cannot be made there", path.display());
    StartFailure::because(STAGE, what, &error.into())
}
