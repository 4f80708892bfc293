//! `/dev`: what every program may expect, and nothing else.

use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::fs::{Mode, chmodat};
use rustix::mount::MountFlags;

use super::root::Root;
use super::{Ids, STAGE};
use crate::fault::{During as _, Step};

const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

const LINKS: &[(&str, &str)] = &[
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/ptmx", "pts/ptmx"),
];

/// Makes `/dev`, with terminals of the machine's own, and the directories in memory.
pub(super) fn make(root: &Root, ids: Ids) -> Step<()> {
    // Its own file system would make no difference: `/` is a tmpfs, too, and ends up read-only, which /dev may be.
    for device in DEVICES.iter().map(Path::new) {
        root.bind_device(device, device)?;
    }
    for (path, target) in LINKS {
        root.link(Path::new(path), Path::new(target))?;
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
