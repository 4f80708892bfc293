//! Carrying files to and from any machine.

use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use machine_core::{CloudProvider, Error, ErrorKind, MachineId, OsText, Result};
use machine_guest::archive::{Summary, destination};

use crate::carry;
use crate::guest::Inside;

/// What was carried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Copied {
    /// Files and symbolic links.
    pub files: u64,
    /// Bytes in files.
    pub bytes: u64,
    /// What was left out (sockets, pipes, devices), one sentence each.
    pub left_out: Vec<String>,
}

impl From<(Summary, Vec<String>)> for Copied {
    fn from((summary, left_out): (Summary, Vec<String>)) -> Self {
        Self { files: summary.files, bytes: summary.bytes, left_out }
    }
}

/// Copies a file or directory of this computer into a running machine, as `cp -a` would: into `to` where that is a
/// directory (or ends with `/`), to `to` itself otherwise.
///
/// # Errors
/// The local file that cannot be read; `NotFound`, `Conflict` or `Unsupported` of the machine; what the machine refused.
pub async fn copy_in(
    provider: &Arc<dyn CloudProvider>,
    machine: &MachineId,
    from: &Path,
    to: &OsText,
) -> Result<Copied> {
    let metadata = from.symlink_metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, format!("`{}` does not exist", from.display())),
        _ => Error::io(format_args!("`{}` cannot be read", from.display()), error),
    })?;
    // A link that is named is followed, as by `cp`; links below it are kept.
    let from =
        if metadata.is_symlink() { from.canonicalize().unwrap_or_else(|_| from.to_owned()) } else { from.to_owned() };
    let name = match from.file_name() {
        Some(name) => name.to_owned(),
        // `.` and `..` have a name once they are spelled out.
        None => from.canonicalize().ok().and_then(|path| path.file_name().map(ToOwned::to_owned)).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("`{}` has no name to be copied by", from.display()))
        })?,
    };
    let inside = Inside::for_files(provider, machine.clone());
    Ok(carry::send_as(&inside, from, name, to).await?.into())
}

/// Copies a file or directory of a running machine to this computer, as `cp -a` would: into `to` where that is a
/// directory (or ends with `/`), to `to` itself otherwise. Nothing outside of `to` is ever written.
///
/// # Errors
/// What the machine says where it has no such file; the local file that cannot be written.
pub async fn copy_out(
    provider: &Arc<dyn CloudProvider>,
    machine: &MachineId,
    from: &OsText,
    to: &Path,
) -> Result<Copied> {
    let asked_for_directory = to.as_os_str().as_bytes().ends_with(b"/");
    let (into, rename) = destination(to, asked_for_directory);
    if !into.is_dir() {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no directory `{}`", into.display())));
    }
    let path = PathBuf::from(std::ffi::OsString::from_vec(from.as_bytes().to_vec()));
    let parent = path.parent().map_or_else(|| OsText::from("/"), |parent| OsText::from(parent.as_os_str()));
    let inside = Inside::for_files(provider, machine.clone());
    Ok(carry::fetch(&inside, parent, vec![from.clone()], into, rename).await?.into())
}
