//! One machine's directory, held open: what is read through it belongs together even while another process destroys it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use machine_core::{Deadline, Error, Result};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::files::{read, read_json};
use super::locks::shim_lives;
use super::{Durability, OpLock, Store, Unreadable, failed, is_id, write_json};
use crate::layout::{EXIT, MACHINES, SHIM_LOG, SPEC, STATE};
use crate::record::{ExitRecord, SpecRecord, StateRecord};
use crate::status::{Seen, Status};

/// One machine's directory.
#[derive(Debug)]
pub(crate) struct MachineDir {
    id: String,
    path: PathBuf,
    fd: OwnedFd,
}

/// What was found of a running or ended machine.
#[derive(Debug)]
pub(crate) struct Observed {
    /// Where it stands.
    pub(crate) status: Status,
    /// What its shim says, where it has said something.
    pub(crate) state: Option<StateRecord>,
    /// The number of its latest start; 0 before the first.
    pub(crate) generation: u64,
    /// Records that could not be read.
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Store {
    /// The directory of machine `id`; nothing where there is none.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when it is there and cannot be opened.
    pub(crate) fn machine(&self, id: &str) -> Result<Option<MachineDir>> {
        if !is_id(id, "m-") {
            return Ok(None);
        }
        let path = self.root.join(MACHINES).join(id);
        match rustix::fs::openat(&self.machines, id, OPEN_DIR, Mode::empty()) {
            Ok(fd) => Ok(Some(MachineDir { id: id.to_owned(), path, fd })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(failed("open", &path, error)),
        }
    }

    /// The directory of machine `id`.
    ///
    /// # Errors
    /// [`NotFound`](machine_core::ErrorKind::NotFound) where there is none.
    pub(crate) fn require_machine(&self, id: &str) -> Result<MachineDir> {
        self.machine(id)?.ok_or_else(|| Error::not_found("machine", id).with_hint("`machine list` shows what there is"))
    }

    /// Whether machine `id` has a directory.
    pub(super) fn machine_exists(&self, id: &str) -> bool {
        rustix::fs::statat(&self.machines, id, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }
}

/// How a directory of ours is opened.
pub(super) const OPEN_DIR: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

impl MachineDir {
    /// A directory that is being made or is on its way out, at `path`.
    pub(super) fn elsewhere(id: &str, path: PathBuf, fd: OwnedFd) -> Self {
        Self { id: id.to_owned(), path, fd }
    }

    /// The machine's id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Where the directory is, or was when it was opened.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Its specification.
    ///
    /// # Errors
    /// When it is missing, cannot be read, or was written by a newer version.
    pub(crate) fn spec(&self) -> Result<SpecRecord, Unreadable> {
        let missing = || Unreadable { file: self.shown(SPEC), why: "it is missing".to_owned() };
        read_json(&self.fd, SPEC, || self.shown(SPEC))?.ok_or_else(missing)
    }

    /// Replaces its specification; needs the machine's `op.lock`.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System); then the old one stands.
    pub(crate) fn write_spec(&self, _lock: &OpLock, spec: &SpecRecord) -> Result<()> {
        write_json(&self.fd, SPEC, spec, Durability::Durable)
            .map_err(|error| failed("write", &self.path.join(SPEC), error))
    }

    /// Writes how start `record.generation` ended, for a shim that could not; needs the machine's `op.lock`.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System).
    pub(crate) fn write_exit(&self, _lock: &OpLock, record: &ExitRecord) -> Result<()> {
        write_json(&self.fd, EXIT, record, Durability::Durable)
            .map_err(|error| failed("write", &self.path.join(EXIT), error))
    }

    /// Where the machine stands.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when its lock cannot be looked at. Records that cannot be read are part of
    /// the answer.
    pub(crate) fn observe(&self) -> Result<Observed> {
        let mut unreadable = Vec::new();
        // The order matters; see `Seen`.
        let state: Option<StateRecord> =
            read_json(&self.fd, STATE, || self.shown(STATE)).unwrap_or_else(|error| none(&mut unreadable, error));
        let alive = self.is_alive()?;
        let exit: Option<ExitRecord> =
            read_json(&self.fd, EXIT, || self.shown(EXIT)).unwrap_or_else(|error| none(&mut unreadable, error));
        let generation =
            state.as_ref().map_or(0, |state| state.generation).max(exit.as_ref().map_or(0, |exit| exit.generation));
        let seen = Seen { state: state.as_ref(), alive, exit: exit.as_ref(), boot_id: crate::boot::id() };
        Ok(Observed { status: Status::of(seen), state, generation, unreadable })
    }

    /// Whether its shim or its init lives.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when the lock cannot be looked at.
    pub(crate) fn is_alive(&self) -> Result<bool> {
        shim_lives(&self.fd).map_err(|error| failed("look at the lock in", &self.path, error))
    }

    /// Waits until neither its shim nor its init lives; says whether that is so. For the short time between the end of
    /// the machine and that of its shim, in a thread that may block.
    ///
    /// # Errors
    /// As [`is_alive`](Self::is_alive).
    pub(crate) fn wait_until_dead(&self, patience: Duration) -> Result<bool> {
        let deadline = Deadline::after(patience);
        let mut pause = Duration::from_micros(200);
        while self.is_alive()? {
            if deadline.passed() {
                return Ok(false);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        Ok(true)
    }

    /// Takes the right to change the machine.
    ///
    /// # Errors
    /// [`Busy`](machine_core::ErrorKind::Busy), which says who has it.
    pub(crate) fn lock(&self, operation: &str) -> Result<OpLock> {
        OpLock::take(&self.fd, operation, self.name_for_people().as_str())
    }

    /// Takes the right to change the machine, giving whoever has it up to `patience` to finish.
    ///
    /// # Errors
    /// As [`lock`](Self::lock).
    pub(crate) fn lock_patiently(&self, operation: &str, patience: Duration) -> Result<OpLock> {
        OpLock::take_patiently(&self.fd, operation, self.name_for_people().as_str(), patience)
    }

    /// The last lines of `shim.log`: what a shim that died without a word may have said.
    pub(crate) fn shim_log_tail(&self) -> Option<String> {
        let bytes = read(&self.fd, SHIM_LOG).ok().flatten()?;
        let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(2000)..]).trim().to_owned();
        let lines: Vec<&str> = text.lines().rev().take(3).collect();
        (!lines.is_empty()).then(|| lines.into_iter().rev().collect::<Vec<_>>().join("; "))
    }

    /// Its name, or its id where its specification cannot be read.
    pub(crate) fn name_for_people(&self) -> String {
        self.spec().map_or_else(|_| self.id.clone(), |spec| spec.name)
    }

    /// The path of one of its files below the state directory, for messages.
    fn shown(&self, file: &str) -> String {
        format!("{MACHINES}/{}/{file}", self.id)
    }
}

impl AsFd for MachineDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn none<T>(unreadable: &mut Vec<Unreadable>, error: Unreadable) -> Option<T> {
    unreadable.push(error);
    None
}
