//! Directory trees as tar streams, in both directions, on both sides.
//!
//! Kept: regular files with their permission bits and modification time, directories, symbolic links as they are, names of
//! any bytes. Not kept: owners, hard links (each becomes a file), set-user-id bits. Sockets, pipes and devices are skipped.
//! Neither end trusts the other: what is unpacked never leaves its directory, whatever the stream says and whatever links
//! stand there already.

mod pack;
mod unpack;

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

pub use pack::Packer;
pub use unpack::{destination, unpack};

/// What was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Files and symbolic links.
    pub files: u64,
    /// Bytes in files.
    pub bytes: u64,
}

/// Whether `path` only ever goes down: no root, no `..`, and at least one name.
pub fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        && path.components().any(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests;
