//! The files that a machine was given, kept in memory of the computer so that they survive a stop and a start. They are
//! secrets: never in the state directory, gone with a reboot.

use std::fs::File;
use std::path::PathBuf;

use machine_core::Result;
use rustix::fs::{Mode, OFlags};

use super::{Store, create_new, failed};
use crate::layout::MACHINES;
use crate::memory;
use crate::order::FileOrder;

/// The private files of one machine.
#[derive(Debug)]
pub(crate) struct PrivateFiles<'a> {
    id: &'a str,
    /// The machine's own directory.
    machine: PathBuf,
}

impl Store {
    /// The private files of machine `id`.
    pub(crate) fn private_files<'a>(&self, id: &'a str) -> PrivateFiles<'a> {
        PrivateFiles { id, machine: self.root.join(MACHINES).join(id) }
    }

    /// The ids of machines of this state directory that something is kept in memory for.
    pub(crate) fn ids_in_memory(&self) -> Vec<String> {
        memory::ids_of(&self.root.join(MACHINES))
    }
}

impl PrivateFiles<'_> {
    /// Keeps `files`; says whether there was a place for them. Without one, they last until the machine stops.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when there is a place and it cannot be written.
    pub(crate) fn keep(&self, files: &[FileOrder]) -> Result<bool> {
        let [preferred, _] = memory::places(self.id);
        let broken = |error| failed("keep the machine's files in", &preferred, error);
        let Some(dir) = memory::make(self.id, &self.machine).map_err(broken)? else { return Ok(false) };
        let written = || -> std::io::Result<()> {
            let fd = rustix::fs::open(&dir, OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?;
            create_new(&fd, memory::KEPT, &serde_json::to_vec(files)?)
        };
        written().map(|()| true).map_err(|error| failed("keep the machine's files in", &dir, error))
    }

    /// The files, where they are still there.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when they are there and cannot be read.
    pub(crate) fn load(&self) -> Result<Option<Vec<FileOrder>>> {
        for dir in memory::places(self.id).iter().filter(|dir| memory::is_own(dir)) {
            let path = dir.join(memory::KEPT);
            let Ok(file) = File::open(&path) else { continue };
            return serde_json::from_reader(std::io::BufReader::new(file))
                .map(Some)
                .map_err(|error| failed("read", &path, std::io::Error::from(error)));
        }
        Ok(None)
    }
}
