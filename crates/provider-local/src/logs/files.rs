//! The numbered files of a log.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::Errno;

use crate::layout::LOG;

/// The directory of a log, open.
#[derive(Debug)]
pub(super) struct LogFiles(OwnedFd);

impl LogFiles {
    /// The log of the machine whose directory `machine` is.
    pub(super) fn open(machine: impl AsFd) -> std::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(Self(rustix::fs::openat(machine, LOG, flags, Mode::empty())?))
    }

    /// The numbers that there are, smallest first.
    pub(super) fn numbers(&self) -> std::io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            if let Some(number) = entry?.file_name().to_str().ok().and_then(number) {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Opens one; nothing when it has been rotated away.
    pub(super) fn file(&self, number: u64) -> std::io::Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match rustix::fs::openat(&self.0, name(number), flags, Mode::empty()) {
            Ok(file) => Ok(Some(file.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The name of file `number`.
pub(super) fn name(number: u64) -> String {
    format!("{number:08}.log")
}

fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".log").filter(|digits| digits.len() >= 8)?.parse().ok()
}
