//! Names: a symbolic link for each, made exclusively, is what makes them unique.

use std::time::Duration;

use machine_core::{Error, ErrorKind, Result};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use super::locks::DirLock;
use super::{Store, failed, is_id};
use crate::layout::{MACHINES, NAMES};

/// How long to wait for others who are at the names; they hold the lock for microseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The right to change names. A name that points to nothing while this is held was left behind by a crash.
#[derive(Debug)]
pub(crate) struct NamesLock {
    _lock: DirLock,
}

fn taken(name: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("a machine called `{name}` exists already"))
        .with_hint(format!("choose another name, or destroy that one: machine destroy {name}"))
}

impl Store {
    /// Takes the right to change names.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when others keep it for seconds.
    pub(crate) fn lock_names(&self) -> Result<NamesLock> {
        DirLock::take(&self.names, true, PATIENCE)
            .map(|lock| NamesLock { _lock: lock })
            .map_err(|error| self.names_failed("lock", error).with_operation("names"))
    }

    /// The id of the machine called `name`, as far as the names say.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        let target = rustix::fs::readlinkat(&self.names, name, Vec::new()).ok()?;
        let id = target.to_str().ok()?.strip_prefix("../machines/")?;
        is_id(id, "m-").then(|| id.to_owned())
    }

    /// Gives machine `id` the name `name`.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] when a machine has it; [`ErrorKind::System`] when it cannot be written.
    pub(crate) fn take_name(&self, _lock: &NamesLock, name: &str, id: &str) -> Result<()> {
        let target = format!("../{MACHINES}/{id}");
        // Twice: once more after a name that a crash left behind was cleared away.
        for _ in 0..2 {
            match rustix::fs::symlinkat(&target, &self.names, name) {
                Ok(()) => return Ok(()),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(self.names_failed("write a name into", error.into())),
            }
            match self.named(name) {
                Some(owner) if owner == id => return Ok(()),
                Some(owner) if self.machine_exists(&owner) => break,
                _ => self.unlink_name(name)?,
            }
        }
        Err(taken(name))
    }

    /// Refuses a name that a machine has. Takes it for nobody.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`].
    pub(crate) fn check_name(&self, name: &str) -> Result<()> {
        let owned = self.named(name).is_some_and(|owner| self.machine_exists(&owner));
        if owned { Err(taken(name)) } else { Ok(()) }
    }

    /// Takes the name off machine `id`; one that another machine has by now is left alone.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when it cannot be removed.
    pub(crate) fn drop_name(&self, _lock: &NamesLock, name: &str, id: &str) -> Result<()> {
        match self.named(name) {
            Some(owner) if owner == id => self.unlink_name(name),
            _ => Ok(()),
        }
    }

    /// Takes every name off machine `id`: the way for a machine whose own record cannot be read.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when one cannot be removed.
    pub(crate) fn drop_names_of(&self, lock: &NamesLock, id: &str) -> Result<()> {
        for name in self.entries(&self.names, NAMES)? {
            self.drop_name(lock, &name, id)?;
        }
        Ok(())
    }

    /// The names that point to no machine: left behind by a crash.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when the names cannot be read.
    pub(crate) fn dangling_names(&self, _lock: &NamesLock) -> Result<Vec<String>> {
        let mut names = self.entries(&self.names, NAMES)?;
        names.retain(|name| self.named(name).is_none_or(|id| !self.machine_exists(&id)));
        Ok(names)
    }

    /// Removes a name that points to no machine.
    ///
    /// # Errors
    /// [`ErrorKind::System`] when it cannot be removed.
    pub(crate) fn drop_dangling(&self, _lock: &NamesLock, name: &str) -> Result<()> {
        self.unlink_name(name)
    }

    fn unlink_name(&self, name: &str) -> Result<()> {
        match rustix::fs::unlinkat(&self.names, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.names_failed("remove a name from", error.into())),
        }
    }

    fn names_failed(&self, what: &str, error: std::io::Error) -> Error {
        failed(what, &self.root.join(NAMES), error)
    }
}
