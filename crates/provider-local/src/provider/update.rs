//! Changing a machine that exists.

use machine_core::{Error, ErrorKind, Machine, MachineChange, MachineName, Result, VolumeMount};

use super::{Local, describe};
use crate::plan::{MAX_VOLUMES, check_inside, check_label};
use crate::record::SpecRecord;
use crate::store::{MachineDir, OpLock};

impl Local {
    /// Changes machine `id` as `change` says.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when another process is changing it; [`ErrorKind::Conflict`] for volumes of a machine that runs;
    /// [`ErrorKind::AlreadyExists`] for a name that is taken. Nothing is changed then.
    pub(super) fn update(&self, id: &str, change: &MachineChange) -> Result<Machine> {
        let dir = self.store.require_machine(id)?;
        let lock = dir.lock("update")?;
        let mut spec = dir.spec()?;
        let volumes_change = !(change.attach.is_empty() && change.detach.is_empty());
        if volumes_change && dir.is_alive()? {
            let message = format!("machine `{}` runs, and its volumes can only change while it is stopped", spec.name);
            return Err(
                Error::new(ErrorKind::Conflict, message).with_hint(format!("`machine stop {}` stops it", spec.name))
            );
        }
        for (key, value) in &change.labels {
            check_label(key, value.as_deref().unwrap_or_default())?;
            match value {
                Some(value) => spec.labels.insert(key.clone(), value.clone()),
                None => spec.labels.remove(key),
            };
        }
        if let Some(deadline) = change.deadline {
            spec.intent.deadline = deadline;
        }
        let before = spec.volumes.clone();
        spec.volumes.retain(|mount| !change.detach.contains(&mount.volume));
        for mount in &change.attach {
            add_volume(&mut spec, mount)?;
        }
        let added: Vec<VolumeMount> = spec.volumes.iter().filter(|mount| !before.contains(mount)).cloned().collect();
        self.check_volumes(id, &added)?;
        self.hold_volumes(id, &added)?;
        let written = match &change.name {
            Some(name) if name.as_str() != spec.name => self.rename(&dir, &lock, &mut spec, name),
            _ => dir.write_spec(&lock, &spec),
        };
        if let Err(error) = written {
            self.release_volumes(id, &added).ok();
            return Err(error);
        }
        let gone: Vec<VolumeMount> =
            before.into_iter().filter(|old| spec.volumes.iter().all(|mount| mount.volume != old.volume)).collect();
        self.release_volumes(id, &gone)?;
        Ok(describe::machine(&dir, spec, dir.observe()?))
    }

    fn rename(&self, dir: &MachineDir, lock: &OpLock, spec: &mut SpecRecord, name: &MachineName) -> Result<()> {
        let names = self.store.lock_names()?;
        self.store.take_name(&names, name.as_str(), dir.id())?;
        let old = std::mem::replace(&mut spec.name, name.to_string());
        // In between it has both names, so that a crash loses neither.
        let (drop, result) = match dir.write_spec(lock, spec) {
            Ok(()) => (old.as_str(), Ok(())),
            Err(error) => (name.as_str(), Err(error)),
        };
        self.store.drop_name(&names, drop, dir.id())?;
        result
    }
}

fn add_volume(spec: &mut SpecRecord, mount: &VolumeMount) -> Result<()> {
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message);
    if spec.volumes.contains(mount) {
        return Ok(());
    }
    check_inside("volume", mount.path.as_bytes())?;
    if let Some(other) = spec.volumes.iter().find(|other| other.volume == mount.volume) {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("volume {} is attached to machine `{}` at `{}` already", mount.volume, spec.name, other.path),
        ));
    }
    if spec.volumes.iter().any(|other| other.path == mount.path) {
        return Err(invalid(format!("machine `{}` has another volume at `{}`", spec.name, mount.path)));
    }
    if spec.volumes.len() >= MAX_VOLUMES {
        return Err(invalid(format!("machine `{}` has {MAX_VOLUMES} volumes, and takes no more", spec.name)));
    }
    spec.volumes.push(mount.clone());
    Ok(())
}
