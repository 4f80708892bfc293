//! What the job sees of the system: its own processes, and nothing of ours. Done by job-init in its own mount namespace.

use std::io;
use std::path::Path;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change, mount_remount};

use super::Failure;

/// What the computer itself could be changed by.
const SENSITIVE: &[&str] = &["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi"];

/// Gives this process's mount namespace a `/proc` of its own pid namespace and hides what belongs to the guest.
pub(super) fn arrange() -> Result<(), Failure> {
    let quiet = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    // Nothing that is mounted from here on shows anywhere else.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|e| failure("/", e.into()))?;
    mount("proc", "/proc", "proc", quiet, None).map_err(|errno| failure("/proc", errno.into()))?;
    // They belong to the computer: nobody in here may change them. To the kernel, the job of a machine of the real root is
    // the owner of these files, whatever it may not do otherwise.
    for path in SENSITIVE.iter().filter(|path| Path::new(path).exists()) {
        mount_bind(*path, *path).map_err(|errno| failure(path, errno.into()))?;
        mount_remount(*path, MountFlags::BIND | MountFlags::RDONLY | quiet, c"")
            .map_err(|errno| failure(path, errno.into()))?;
    }
    let ours = Path::new("/run/machine");
    if ours.is_dir() {
        mount("tmpfs", ours, "tmpfs", quiet | MountFlags::RDONLY, Some(c"mode=0755,size=4k"))
            .map_err(|errno| failure("/run/machine", errno.into()))?;
    }
    // What this process stands in may have been covered just now.
    std::env::set_current_dir("/").map_err(|error| failure("/", error))
}

fn failure(path: &str, error: io::Error) -> Failure {
    Failure::ours(format!("the job's view of `{path}` cannot be made: {error}"))
}
