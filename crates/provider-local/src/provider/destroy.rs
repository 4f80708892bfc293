//! Destroying a machine: whatever state it is in, and whatever of its records can still be read.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{Destroyed, ErrorKind, MachineId, Result};

use super::Local;
use super::end::{end, remove_cgroups};
use crate::record::SpecRecord;
use crate::store::MachineDir;
use crate::work::blocking;

/// How long a machine may take to end before it is killed. Its command is told, and what it says is nobody's any more.
const GRACE: Duration = Duration::from_millis(0);
/// How long to wait for another who is changing the machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// Destroys the machine, running or not.
///
/// # Errors
/// [`Busy`](machine_core::ErrorKind::Busy) when another process is changing it; [`System`](machine_core::ErrorKind::System) when it
/// does not end or cannot be removed.
pub(super) async fn destroy(local: &Arc<Local>, id: &MachineId) -> Result<Destroyed> {
    let opened = {
        let (local, id) = (Arc::clone(local), id.clone());
        blocking(move || {
            let Some(dir) = local.store.machine(id.as_str())? else { return Ok(None) };
            let lock = match dir.lock_patiently("destroy", PATIENCE) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                lock => lock?,
            };
            // Another may have destroyed it while we waited for our turn.
            let there = local.store.machine(id.as_str())?.is_some();
            Ok(there.then_some((dir, lock)))
        })
        .await?
    };
    let Some((dir, lock)) = opened else { return Ok(Destroyed::AlreadyGone) };
    let dir = if dir.is_alive()? { end(dir, None, GRACE).await? } else { dir };
    let local = Arc::clone(local);
    blocking(move || {
        let spec = dir.spec().ok();
        let removed = local.remove(&dir, spec.as_ref());
        drop(lock);
        removed.map(|()| Destroyed::Accepted)
    })
    .await
}

impl Local {
    /// Removes a machine that does not run, with everything that belongs to it. It no longer exists from the moment that
    /// its directory is out of its place; what cannot be deleted of it then is left to the sweep.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System) when it is still in its place.
    pub(super) fn remove(&self, dir: &MachineDir, spec: Option<&SpecRecord>) -> Result<()> {
        let id = dir.id();
        if let Some(state) = dir.observe()?.state {
            remove_cgroups(&state);
        }
        let in_trash = self.store.displace_machine(id)?;
        let names = self.store.lock_names()?;
        match spec {
            Some(spec) => self.store.drop_name(&names, &spec.name, id)?,
            None => self.store.drop_names_of(&names, id)?,
        }
        drop(names);
        match spec {
            Some(spec) if spec.volumes.is_empty() => {}
            _ => self.release_volumes_of(id)?,
        }
        crate::memory::remove(id);
        if let Some(name) = in_trash
            && let Err(error) = self.delete(&name)
        {
            tracing::warn!(machine = id, %error, "the machine is gone, but not all of its files");
        }
        Ok(())
    }

    /// Deletes one thing in the trash, files of users that only machines have included.
    ///
    /// # Errors
    /// [`System`](machine_core::ErrorKind::System), with what is left; it stays in the trash.
    pub(super) fn delete(&self, name: &str) -> Result<()> {
        self.store.delete_from_trash(name).or_else(|error| {
            let trash = self.store.root().join(crate::layout::TRASH);
            crate::chore::remove_as_root(&self.helper, &trash, name).map_err(|_| error)
        })
    }
}
