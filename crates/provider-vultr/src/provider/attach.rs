//! Attaching and detaching volumes, of which a machine's own creation and change make use too.

use std::time::Duration;

use machine_core::{Deadline, Error, ErrorKind, MachineId, Result, VolumeMount};
use machine_http::Request;

use super::VultrProvider;
use crate::convert::{Note, name_and_note, noted};
use crate::dialect::Said;
use crate::wire::{Attach, Block, ChangeBlock, Detach};

impl VultrProvider {
    /// The region of these volumes, of which each is there, free, and in the same as the others.
    pub(super) async fn region_of(&self, volumes: &[VolumeMount]) -> Result<Option<String>> {
        let mut region: Option<String> = None;
        for mount in volumes {
            let block = self.api.block(mount.volume.as_str()).await?;
            if !block.attached_to_instance.is_empty() {
                return Err(taken(&block));
            }
            if let Some(other) = region.filter(|region| *region != block.region) {
                let what =
                    format!("the volumes are in `{other}` and `{}`, and one machine cannot be in both", block.region);
                return Err(Error::new(ErrorKind::Invalid, what));
            }
            region = Some(block.region);
        }
        Ok(region)
    }

    /// Attaches the volume while the machine runs or is stopped, waiting at most `patience` for a lock.
    pub(super) async fn attach_volume(&self, machine: &str, mount: &VolumeMount, patience: Duration) -> Result<()> {
        let id = mount.volume.as_str();
        let (block, instance) = futures::try_join!(self.api.block(id), self.api.instance(machine))?;
        let held = block.attached_to_instance == machine;
        if !held && !block.attached_to_instance.is_empty() {
            return Err(taken(&block));
        }
        if !held && block.region != instance.region {
            let what =
                format!("volume `{id}` is in region `{}`, and the machine is in `{}`", block.region, instance.region);
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("a volume is attached where it is"));
        }
        self.note_place(&block, machine, &mount.path).await?;
        if held {
            return Ok(());
        }
        self.active(block, patience).await?;
        let request = || self.attaching(id, machine);
        already_so(self.api.unlocked(patience, request).await)?;
        self.api.settled(|| async { Ok(self.api.block(id).await?.attached_to_instance == machine) }).await;
        Ok(())
    }

    /// The request that attaches a volume.
    pub(super) fn attaching(&self, volume: &str, machine: &str) -> Request {
        self.api.post(&["blocks", volume, "attach"]).json(&Attach { instance_id: machine, live: true })
    }

    /// Detaches the volume from what has it.
    pub(super) async fn detach_volume(&self, id: &str) -> Result<()> {
        if self.api.block(id).await?.attached_to_instance.is_empty() {
            return Ok(());
        }
        let body = Detach { live: true };
        let request = || self.api.post(&["blocks", id, "detach"]).json(&body);
        already_so(self.api.unlocked(self.api.pauses.lock, request).await)?;
        self.api.settled(|| async { Ok(self.api.block(id).await?.attached_to_instance.is_empty()) }).await;
        Ok(())
    }

    /// Writes down where the volume is to show inside, for which the cloud has no place of its own.
    async fn note_place(&self, block: &Block, machine: &str, path: &str) -> Result<()> {
        let (name, note) = name_and_note(&block.label);
        let label = noted(&name, &Note { place: Some((MachineId::new(machine), path.to_owned())), ..note });
        if label == block.label {
            return Ok(());
        }
        let change = ChangeBlock { label: Some(label), size_gb: None };
        already_so(self.api.patch(&["blocks", &block.id]).json(&change).done().await)
    }

    /// Waits until a new block can be attached.
    async fn active(&self, block: Block, patience: Duration) -> Result<()> {
        let (deadline, mut block) = (Deadline::after(patience), block);
        while block.status == "pending" {
            if deadline.passed() {
                let what = format!("volume `{}` is still being made and cannot be attached yet", block.id);
                return Err(Error::new(ErrorKind::Busy, what).with_hint("attach it in a while"));
            }
            tokio::time::sleep(self.api.pauses.locked.min(deadline.remaining())).await;
            block = self.api.block(&block.id).await?;
        }
        Ok(())
    }
}

/// What is as it was asked to be was not refused.
pub(super) fn already_so(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if Said::by(&error) == Some(Said::AlreadySo) => Ok(()),
        outcome => outcome,
    }
}

/// The error for a volume that a machine has.
pub(super) fn taken(block: &Block) -> Error {
    let what = format!("volume `{}` is attached to machine `{}`", block.id, block.attached_to_instance);
    Error::new(ErrorKind::Conflict, what).with_hint("detach it first")
}
