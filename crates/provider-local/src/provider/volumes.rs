//! Volumes: directories that outlive machines.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use machine_core::{
    Attachment, Destroyed, Error, ErrorKind, Intent, MachineChange, MachineId, RecordedIntent, Result, Volume,
    VolumeId, VolumeMount, VolumeSpec, Volumes,
};

use super::Local;
use crate::record::SCHEMA;
use crate::store::{VolumeDir, VolumeRecord};
use crate::work::blocking;

/// The largest size that is taken for meant: 1 PiB.
const MAX_GIB: u64 = 1024 * 1024;

/// Volumes of this computer.
#[derive(Debug)]
pub(super) struct LocalVolumes(pub(super) Arc<Local>);

impl LocalVolumes {
    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Local) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let local = Arc::clone(&self.0);
        blocking(move || work(&local)).await.map_err(|error| error.with_operation(operation).with_provider(crate::KIND))
    }
}

#[async_trait]
impl Volumes for LocalVolumes {
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume> {
        let (intent, spec) = (intent.intent().clone(), spec.clone());
        self.run("create volume", move |local| local.create_volume(&intent, &spec)).await
    }

    async fn get(&self, id: &VolumeId) -> Result<Volume> {
        let id = id.clone();
        self.run("get volume", move |local| Ok(shown(local.store.require_volume(id.as_str())?.record()?))).await
    }

    async fn list(&self) -> Result<Vec<Volume>> {
        self.run("list volumes", |local| {
            let records = local.volume_records()?;
            Ok(records.into_iter().map(shown).collect())
        })
        .await
    }

    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        let (machine, change) =
            (machine.clone(), MachineChange { attach: vec![mount.clone()], ..MachineChange::default() });
        self.run("attach volume", move |local| local.update(machine.as_str(), &change).map(drop)).await
    }

    async fn detach(&self, id: &VolumeId) -> Result<()> {
        let id = id.clone();
        self.run("detach volume", move |local| {
            let volume = local.store.require_volume(id.as_str())?;
            let Some(attachment) = volume.record()?.attached_to else { return Ok(()) };
            let change = MachineChange { detach: vec![id.clone()], ..MachineChange::default() };
            match local.update(attachment.machine.as_str(), &change) {
                Ok(_) => local.release_volume(&volume, attachment.machine.as_str()),
                // The machine is gone, and forgot to say so.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    local.release_volume(&volume, attachment.machine.as_str())
                }
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn resize(&self, id: &VolumeId, size_gib: u64) -> Result<Volume> {
        let id = id.clone();
        self.run("resize volume", move |local| {
            let volume = local.store.require_volume(id.as_str())?;
            let lock = volume.lock()?;
            let mut record = volume.record()?;
            if size_gib < record.size_gib {
                let message =
                    format!("volume `{}` has {} GiB and cannot be made smaller", record.name, record.size_gib);
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            check_size(size_gib)?;
            record.size_gib = size_gib;
            volume.write(&lock, &record)?;
            Ok(shown(record))
        })
        .await
    }

    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed> {
        let id = id.clone();
        self.run("destroy volume", move |local| local.destroy_volume(id.as_str())).await
    }
}

impl Local {
    fn create_volume(&self, intent: &Intent, spec: &VolumeSpec) -> Result<Volume> {
        check_size(spec.size_gib)?;
        if let Some(region) = spec.region.as_deref().filter(|region| *region != crate::catalog::REGION) {
            return Err(Error::new(ErrorKind::Invalid, format!("provider `local` has no region `{region}`"))
                .with_hint("its only region is `local`"));
        }
        let id = format!("v-{}", intent.id);
        let _lock = self.store.lock_volumes()?;
        if let Some(volume) = self.store.volume(&id)? {
            return Ok(shown(volume.record()?));
        }
        if self.volume_records()?.iter().any(|record| record.name == spec.name.as_str()) {
            let message = format!("a volume called `{}` exists already", spec.name);
            return Err(Error::new(ErrorKind::AlreadyExists, message)
                .with_hint("choose another name, or destroy that one: machine volumes destroy NAME"));
        }
        let record = VolumeRecord {
            schema: SCHEMA,
            id,
            name: spec.name.to_string(),
            intent: intent.clone(),
            created_at: Timestamp::now(),
            size_gib: spec.size_gib,
            attached_to: None,
        };
        self.store.make_volume(&record)?;
        Ok(shown(record))
    }

    /// All of them: complete, or an error that names the record that cannot be read.
    fn volume_records(&self) -> Result<Vec<VolumeRecord>> {
        let mut records = Vec::new();
        for id in self.store.volume_ids()? {
            if let Some(volume) = self.store.volume(&id)? {
                match volume.record() {
                    Ok(record) => records.push(record),
                    // Destroyed between the two looks.
                    Err(_) if self.store.volume(&id)?.is_none() => {}
                    Err(unreadable) => {
                        // What is in it is the user's: nothing here may throw it away.
                        let hint = format!(
                            "mend that file, or move `{}` away; the contents are in its directory `data`",
                            self.store.root().join(crate::layout::VOLUMES).join(&id).display()
                        );
                        return Err(Error::from(unreadable).with_hint(hint));
                    }
                }
            }
        }
        Ok(records)
    }

    fn destroy_volume(&self, id: &str) -> Result<Destroyed> {
        let Some(volume) = self.store.volume(id)? else { return Ok(Destroyed::AlreadyGone) };
        let lock = volume.lock()?;
        if let Ok(VolumeRecord { name, attached_to: Some(attachment), .. }) = volume.record()
            && self.store.machine(attachment.machine.as_str())?.is_some()
        {
            let message = format!("volume `{name}` is attached to machine {}", attachment.machine);
            return Err(Error::new(ErrorKind::Conflict, message)
                .with_hint(format!("detach it first: machine volumes detach {name}")));
        }
        let in_trash = self.store.displace_volume(id)?;
        drop(lock);
        match in_trash {
            Some(name) => self.delete(&name).map(|()| Destroyed::Accepted),
            None => Ok(Destroyed::AlreadyGone),
        }
    }

    /// Checks that `mounts` can be attached to `machine`, before anything is changed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] for one that another machine has.
    pub(super) fn check_volumes(&self, machine: &str, mounts: &[VolumeMount]) -> Result<()> {
        for mount in mounts {
            let volume = self.store.require_volume(mount.volume.as_str())?;
            self.check_free(&volume.record()?, machine)?;
        }
        Ok(())
    }

    /// Writes down that `machine` has the volumes of `mounts`: all of them or none.
    ///
    /// # Errors
    /// As [`check_volumes`](Self::check_volumes); [`ErrorKind::System`].
    pub(super) fn hold_volumes(&self, machine: &str, mounts: &[VolumeMount]) -> Result<()> {
        for (held, mount) in mounts.iter().enumerate() {
            if let Err(error) = self.hold_volume(machine, mount) {
                self.release_volumes(machine, &mounts[..held]).ok();
                return Err(error);
            }
        }
        Ok(())
    }

    fn hold_volume(&self, machine: &str, mount: &VolumeMount) -> Result<()> {
        let volume = self.store.require_volume(mount.volume.as_str())?;
        let lock = volume.lock()?;
        let mut record = volume.record()?;
        self.check_free(&record, machine)?;
        record.attached_to = Some(Attachment { machine: MachineId::new(machine), path: Some(mount.path.clone()) });
        volume.write(&lock, &record)
    }

    fn check_free(&self, record: &VolumeRecord, machine: &str) -> Result<()> {
        match &record.attached_to {
            Some(other)
                if other.machine.as_str() != machine && self.store.machine(other.machine.as_str())?.is_some() =>
            {
                let message = format!("volume `{}` is attached to machine {}", record.name, other.machine);
                Err(Error::new(ErrorKind::Conflict, message)
                    .with_hint(format!("detach it first: machine volumes detach {}", record.name)))
            }
            _ => Ok(()),
        }
    }

    /// Writes down that `machine` no longer has the volumes of `mounts`.
    ///
    /// # Errors
    /// [`ErrorKind::System`].
    pub(super) fn release_volumes(&self, machine: &str, mounts: &[VolumeMount]) -> Result<()> {
        for mount in mounts {
            if let Some(volume) = self.store.volume(mount.volume.as_str())? {
                self.release_volume(&volume, machine)?;
            }
        }
        Ok(())
    }

    /// Writes down that `machine` has no volume any more, whatever its own record said.
    ///
    /// # Errors
    /// [`ErrorKind::System`].
    pub(super) fn release_volumes_of(&self, machine: &str) -> Result<()> {
        for id in self.store.volume_ids()? {
            if let Some(volume) = self.store.volume(&id)?
                && volume.record().is_ok()
            {
                self.release_volume(&volume, machine)?;
            }
        }
        Ok(())
    }

    /// Writes down that `machine` does not have `volume`. One that another has is left alone.
    ///
    /// # Errors
    /// [`ErrorKind::System`].
    pub(super) fn release_volume(&self, volume: &VolumeDir, machine: &str) -> Result<()> {
        let has_it =
            |record: &VolumeRecord| record.attached_to.as_ref().is_some_and(|it| it.machine.as_str() == machine);
        if !has_it(&volume.record()?) {
            return Ok(());
        }
        let lock = volume.lock()?;
        let mut record = volume.record()?;
        if has_it(&record) {
            record.attached_to = None;
            volume.write(&lock, &record)?;
        }
        Ok(())
    }
}

fn check_size(size_gib: u64) -> Result<()> {
    if (1..=MAX_GIB).contains(&size_gib) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, format!("a volume of {size_gib} GiB cannot be made; from 1 to {MAX_GIB} can")))
}

/// The volume as callers see it.
fn shown(record: VolumeRecord) -> Volume {
    let note = "its size is written down and not enforced: it is a directory of this computer's disk";
    Volume {
        id: VolumeId::new(record.id),
        name: record.name,
        provider: crate::KIND.to_owned(),
        size_gib: record.size_gib,
        region: Some(crate::catalog::REGION.to_owned()),
        attached_to: record.attached_to,
        created_at: Some(record.created_at),
        markers: Some(record.intent.markers()),
        notes: vec![note.to_owned()],
    }
}
