//! Volumes: directories of this computer.

use std::sync::Arc;

use async_trait::async_trait;
use machine_core::{
    Attachment, Destroyed, Error, ErrorKind, MachineId, RecordedIntent, ResourceKind, Result, Volume, VolumeId,
    VolumeMount, VolumeSpec, Volumes,
};

use crate::breakage::Breakage;
use crate::provider::{KIND, Reference};
use crate::world::{State, World};

/// Writes down that the machine has these volumes.
pub(crate) fn hold(state: &mut State, machine: &str, mounts: &[VolumeMount]) {
    for (volume, _) in &mut state.volumes {
        if let Some(mount) = mounts.iter().find(|mount| mount.volume == volume.id) {
            volume.attached_to = Some(Attachment { machine: MachineId::new(machine), path: Some(mount.path.clone()) });
        }
    }
}

/// Writes down that the machine has no volume.
pub(crate) fn release(state: &mut State, machine: &str) {
    for (volume, _) in &mut state.volumes {
        volume.attached_to.take_if(|it| it.machine.as_str() == machine);
    }
}

pub(crate) fn get(world: &World, id: &VolumeId) -> Result<Volume> {
    let found = world.look(|state| state.volumes.iter().find(|(volume, _)| volume.id == *id).map(|it| it.0.clone()));
    found.ok_or_else(|| world.not_found("volume", id.as_str()))
}

pub(crate) fn attach(world: &World, machine: &str, mount: &VolumeMount) -> Result<()> {
    let volume = get(world, &mount.volume)?;
    let wanted = Attachment { machine: MachineId::new(machine), path: Some(mount.path.clone()) };
    world.machine(machine, |_| ())?;
    match volume.attached_to {
        Some(has) if has == wanted => return Ok(()),
        Some(_) => return Err(Error::new(ErrorKind::Conflict, "the volume is attached already")),
        None => {}
    }
    world.change(|state| hold(state, machine, std::slice::from_ref(mount)));
    world.change_machine(machine, |held| held.volumes.push(mount.clone()))
}

pub(crate) fn detach(world: &World, id: &VolumeId) -> Result<()> {
    let Some(has) = get(world, id)?.attached_to else { return Ok(()) };
    world.change_machine(has.machine.as_str(), |held| held.volumes.retain(|mount| mount.volume != *id)).ok();
    change(world, id, |volume| volume.attached_to = None)
}

fn change(world: &World, id: &VolumeId, change: impl FnOnce(&mut Volume)) -> Result<()> {
    world
        .change(|state| state.volumes.iter_mut().find(|(volume, _)| volume.id == *id).map(|it| change(&mut it.0)))
        .ok_or_else(|| world.not_found("volume", id.as_str()))
}

#[async_trait]
impl Volumes for Reference {
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume> {
        let dir = Arc::new(tempfile::tempdir().map_err(|error| Error::io("no directory for a volume", error))?);
        self.world.create(ResourceKind::Volume, |state, id| {
            let volume = Volume {
                id: VolumeId::new(format!("v{id}")),
                name: spec.name.to_string(),
                provider: KIND.to_owned(),
                size_gib: spec.size_gib,
                region: Some("here".to_owned()),
                attached_to: None,
                created_at: Some(jiff::Timestamp::now()),
                markers: Some(intent.intent().markers()),
                notes: Vec::new(),
            };
            state.volumes.push((volume.clone(), dir));
            volume
        })
    }

    async fn get(&self, id: &VolumeId) -> Result<Volume> {
        get(&self.world, id)
    }

    async fn list(&self) -> Result<Vec<Volume>> {
        self.world.list(ResourceKind::Volume, |state| state.volumes.iter().map(|(volume, _)| volume.clone()).collect())
    }

    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        attach(&self.world, machine.as_str(), mount)
    }

    async fn detach(&self, id: &VolumeId) -> Result<()> {
        detach(&self.world, id)
    }

    async fn resize(&self, id: &VolumeId, size_gib: u64) -> Result<Volume> {
        if get(&self.world, id)?.size_gib > size_gib {
            return Err(Error::new(ErrorKind::Invalid, "a volume cannot be made smaller"));
        }
        change(&self.world, id, |volume| volume.size_gib = size_gib)?;
        get(&self.world, id)
    }

    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed> {
        let Ok(volume) = get(&self.world, id) else { return Ok(Destroyed::AlreadyGone) };
        if volume.attached_to.is_some() && !self.world.breaks(Breakage::VolumeDestroyedWhileAttached) {
            return Err(Error::new(ErrorKind::Conflict, "the volume is attached"));
        }
        self.world.change(|state| state.volumes.retain(|(volume, _)| volume.id != *id));
        Ok(Destroyed::Accepted)
    }
}
