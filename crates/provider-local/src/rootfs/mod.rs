//! The file system inside a machine, put together without any image: the computer's programs, read-only; a home of the
//! machine's own; toolchains on top of it.
//!
//! It is built in the machine's own mount namespace on a tmpfs, and becomes `/` as a whole at the end. Nothing in here can
//! change what the computer sees.

mod bind;
mod devices;
mod etc;
mod files;
mod plain;
mod root;
mod system;
mod toolchain;
mod writable;

use std::path::{Path, PathBuf};

use machine_core::Network;

use crate::fault::Step;
use crate::mount_text::path_of;
use crate::order::{Stage, StartOrder};

pub(crate) use plain::{Plain, prepare_plain};
pub(crate) use root::Root;

/// What there is to know of the ids that exist in the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids {
    /// Root inside is root outside: files of `/proc` and `/sys` that root may write have to be protected.
    pub(crate) real_root: bool,
    /// The group that terminals belong to exists inside.
    pub(crate) tty_group: bool,
}

/// Puts the file system together on the empty `root`, with the machine's directory as the working directory. Returns
/// sentences that a person should know.
pub(crate) fn build(root: &Root, order: &StartOrder, ids: Ids) -> Step<Vec<String>> {
    let spec = &order.spec;
    let home = path_of(&spec.home);
    let mut notes = Vec::new();
    system::show_programs(root)?;
    devices::make(root, ids)?;
    system::mount_kernel_views(root, ids)?;
    writable::bind_kept(root, home)?;
    etc::fill(root, spec.hostname(), home, spec.network == Network::Default)?;
    toolchain::show_all(root, &spec.toolchains, &mut notes)?;
    show_requested(root, order)?;
    root.bind_file(path_of(&order.helper), Path::new(crate::GUEST_PATH), true)?;
    files::write_all(root, &order.files)?;
    Ok(notes)
}

/// Volumes and the user's own mounts, outer ones first, so that an inner one is not covered by an outer one.
fn show_requested(root: &Root, order: &StartOrder) -> Step<()> {
    let mut wanted: Vec<(PathBuf, PathBuf, bool)> = Vec::new();
    for volume in &order.volumes {
        wanted.push((path_of(&volume.source).to_owned(), path_of(&volume.target).to_owned(), true));
    }
    for mount in &order.spec.mounts {
        wanted.push((path_of(&mount.source).to_owned(), path_of(&mount.target).to_owned(), mount.writable));
    }
    wanted.sort_by_key(|(_, target, _)| target.components().count());
    for (source, target, writable) in &wanted {
        root.bind(source, target, !writable)?;
    }
    Ok(())
}

/// The stage of everything in here.
const STAGE: Stage = Stage::Filesystem;
