//! What a starter tells the shim, and what the shim answers. JSON, one document each way, over the shim's standard input
//! and output: secrets in it never touch a disk or a command line.

use std::fmt;

use machine_core::OsText;
use serde::{Deserialize, Serialize};

use crate::record::SpecRecord;

/// The argument by which the helper program knows that it is to be a shim.
pub(crate) const SHIM_ARG: &str = "__shim";

/// From the starter to the shim. The shim's working directory is the machine's directory, its standard error `shim.log`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StartOrder {
    /// Which start this is.
    pub(crate) generation: u64,
    /// The machine.
    pub(crate) spec: SpecRecord,
    /// The volumes' data directories, by the path inside.
    pub(crate) volumes: Vec<BoundVolume>,
    /// Files to be there before the command starts.
    pub(crate) files: Vec<FileOrder>,
    /// The helper program, to be shown at [`GUEST_PATH`](crate::GUEST_PATH).
    pub(crate) helper: OsText,
}

/// A volume's data directory and where it shows inside.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BoundVolume {
    /// The absolute path on the computer.
    pub(crate) source: OsText,
    /// The absolute path inside.
    pub(crate) target: OsText,
}

/// A file, contents included.
#[derive(Serialize, Deserialize)]
pub(crate) struct FileOrder {
    /// The absolute path inside.
    pub(crate) path: OsText,
    /// Its contents.
    pub(crate) contents: OsText,
    /// Its permission bits.
    pub(crate) mode: u32,
}

impl fmt::Debug for FileOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileOrder({:?}, {} bytes)", self.path, self.contents.as_bytes().len())
    }
}

/// From the shim to the starter: exactly one, then end-of-file. An end-of-file without one means that the shim died.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ready {
    /// The command's `execve` succeeded (or there is none), every port is bound, `state.json` is in place.
    Running,
    /// It cannot start. `exit.json` says so too.
    Failed(StartFailure),
}

/// Why a machine cannot start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StartFailure {
    /// What was being done.
    pub(crate) stage: Stage,
    /// One sentence, with the path or port that it is about.
    pub(crate) message: String,
    /// The system's error number, where there was one.
    pub(crate) errno: Option<i32>,
    /// What a shell would put into `$?` (126, 127), where the command is to blame.
    pub(crate) code: Option<i32>,
}

/// What was being done when a start failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// Another shim has the machine.
    Lock,
    /// A published port cannot be bound.
    Port,
    /// The namespaces cannot be made.
    Namespaces,
    /// The file system inside cannot be put together.
    Filesystem,
    /// A limit cannot be set.
    Limits,
    /// The command cannot be executed.
    Command,
    /// Something else.
    Internal,
}
