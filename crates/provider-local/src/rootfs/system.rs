//! The computer's programs, and what the kernel tells.

use std::fs;
use std::path::Path;

use rustix::mount::MountFlags;

use super::root::Root;
use super::{Ids, STAGE};
use crate::fault::{During as _, Step};
use crate::order::{Stage, StartFailure};

/// Where programs are installed, besides `/bin`, `/sbin` and `/lib*`.
const INSTALLED: &[&str] = &["/usr", "/opt", "/nix", "/gnu"];

/// What real root could change the computer by.
const SENSITIVE: &[&str] = &["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi"];

/// What programs that count processors read.
const PROCESSORS: &[&str] = &["/sys/devices/system/cpu", "/sys/devices/system/node"];

/// Shows the directories that programs are installed in, read-only.
pub(super) fn show_programs(root: &Root) -> Step<()> {
    for directory in INSTALLED.iter().map(Path::new).filter(|directory| directory.is_dir()) {
        root.bind(directory, directory, true)?;
    }
    let entries = fs::read_dir("/").during(STAGE, || "cannot read `/`".to_owned())?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_wanted = name.to_str().is_some_and(|name| matches!(name, "bin" | "sbin") || name.starts_with("lib"));
        let path = entry.path();
        match fs::read_link(&path) {
            // As on nearly all systems: a link into /usr.
            Ok(target) if is_wanted => root.link(&path, &target)?,
            Err(_) if is_wanted && path.is_dir() => root.bind(&path, &path, true)?,
            _ => {}
        }
    }
    Ok(())
}

/// Mounts `/proc` anew, for the machine's own processes, and shows what of `/sys` programs need.
pub(super) fn mount_kernel_views(root: &Root, ids: Ids) -> Step<()> {
    let flags = MountFlags::NODEV | MountFlags::NOEXEC;
    // A system that hides parts of its own `/proc` (a container) forbids a new one: it then forbids namespaces as such.
    root.mount("proc", Path::new("/proc"), flags, c"")
        .map_err(|failure| StartFailure { stage: Stage::Namespaces, ..failure })?;
    if ids.real_root {
        for path in SENSITIVE {
            root.protect(Path::new(path))?;
        }
    }
    for directory in PROCESSORS.iter().map(Path::new).filter(|directory| directory.is_dir()) {
        root.bind(directory, directory, true)?;
    }
    Ok(())
}
