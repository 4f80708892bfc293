//! Carrying files to and from a machine.

use std::path::Path;
use std::sync::Arc;

use machine_core::{CloudProvider, Error, ErrorKind, MachineId, OsText, Result};

/// What was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Files and symbolic links.
    pub files: u64,
    /// Bytes in files.
    pub bytes: u64,
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
    let _ = (provider, machine, from, to);
    Err(Error::new(ErrorKind::Unsupported, "copying is not there yet"))
}

/// Copies a file or directory of a running machine to this computer, as `cp -a` would: into `to` where that is a
/// directory (or ends with `/`), to `to` itself otherwise. Nothing outside of `to` is ever written.
///
/// # Errors
/// `NotFound` where the machine has no such file; the local file that cannot be written.
pub async fn copy_out(
    provider: &Arc<dyn CloudProvider>,
    machine: &MachineId,
    from: &OsText,
    to: &Path,
) -> Result<Copied> {
    let _ = (provider, machine, from, to);
    Err(Error::new(ErrorKind::Unsupported, "copying is not there yet"))
}
