//! `/dev`: what every program may expect, and nothing else.

use std::ffi::OsStr;
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::fs::{Mode, chmodat, symlinkat};
use rustix::mount::MountFlags;

use super::bind::{Show, bind_new};
use super::root::Root;
use super::{Ids, STAGE};
use crate::fault::{During as _, Step};

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];

const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Makes `/dev`, with terminals of the machine's own, and the directories in memory.
pub(super) fn make(root: &Root, ids: Ids) -> Step<()> {
    // A file system of its own would make no difference: `/` is a tmpfs, too, and ends up read-only, which /dev may be.
    let dev = root.directory(Path::new("/dev"))?;
    for device in DEVICES {
        bind_new(&dev, OsStr::new(device), &Path::new("/dev").join(device), Show::Device)?;
    }
    for (name, target) in LINKS {
        symlinkat(*target, &dev, *name).during(STAGE, || format!("cannot make `/dev/{name}` of the machine"))?;
    }
    // Terminals belong to a group of their own where that group exists inside.
    let data =
        if ids.tty_group { c"newinstance,ptmxmode=0666,mode=620,gid=5" } else { c"newinstance,ptmxmode=0666,mode=620" };
    root.mount("devpts", Path::new("/dev/pts"), MountFlags::NOEXEC, data)?;
    let flags = MountFlags::NODEV;
    root.mount("tmpfs", Path::new("/dev/shm"), flags, c"mode=1777")?;
    root.mount("tmpfs", Path::new("/tmp"), flags, c"mode=1777")?;
    root.mount("tmpfs", Path::new("/run"), flags, c"mode=755")?;
    root.directory(Path::new("/run/lock"))?;
    let mode = Mode::from_raw_mode(0o1777);
    chmodat(root.fd().as_fd(), "run/lock", mode, rustix::fs::AtFlags::empty())
        .during(STAGE, || "cannot make `/run/lock` of the machine".to_owned())
}
