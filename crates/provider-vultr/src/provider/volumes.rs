//! Volumes, which this cloud calls blocks.

use async_trait::async_trait;
use machine_core::{
    Destroyed, Effect, Error, ErrorKind, MachineId, RecordedIntent, Result, Volume, VolumeId, VolumeMount, VolumeSpec,
    Volumes, nearest,
};

use super::VultrProvider;
use super::attach::taken;
use super::lookup::none_called;
use crate::convert::{Note, block_type, noted, volume};
use crate::wire::{Block, ChangeBlock, CreateBlock, One};

#[async_trait]
impl Volumes for VultrProvider {
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume> {
        let region = spec.region.clone().unwrap_or_else(|| self.config.region.clone());
        let regions = self.api.regions().await?;
        let Some(known) = regions.iter().find(|known| known.id == region) else {
            let near = nearest(&region, regions.iter().map(|known| known.id.as_str()));
            return Err(none_called("region", &region, near, "https://api.vultr.com/v2/regions lists them"));
        };
        let note = Note { markers: Some(intent.intent().markers()), place: None };
        let request = CreateBlock {
            block_type: block_type(&known.options),
            region,
            size_gb: spec.size_gib,
            label: noted(spec.name.as_str(), &note),
        };
        let One(mut block) = self.api.post(&["blocks"]).json(&request).send::<One<Block>>().await?;
        if block.label.is_empty() {
            block.label = request.label;
        }
        Ok(volume(&block))
    }

    async fn get(&self, id: &VolumeId) -> Result<Volume> {
        self.api.block(id.as_str()).await.map(|block| volume(&block))
    }

    async fn list(&self) -> Result<Vec<Volume>> {
        Ok(self.api.all::<Block>(&["blocks"]).await?.iter().map(volume).collect())
    }

    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()> {
        self.attach_volume(machine.as_str(), mount, self.api.pauses.lock).await
    }

    async fn detach(&self, id: &VolumeId) -> Result<()> {
        self.detach_volume(id.as_str()).await
    }

    async fn resize(&self, id: &VolumeId, size_gib: u64) -> Result<Volume> {
        let block = self.api.block(id.as_str()).await?;
        if size_gib < block.size_gb {
            let what = format!("volume `{id}` has {} GiB, and a volume only grows", block.size_gb);
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("make a smaller one and copy what is on it"));
        }
        if size_gib > block.size_gb {
            let change = ChangeBlock { label: None, size_gb: Some(size_gib) };
            let request = || self.api.patch(&["blocks", id.as_str()]).json(&change);
            super::attach::already_so(self.api.unlocked(self.api.pauses.lock, request).await)?;
            self.api.settled(|| async { Ok(self.api.block(id.as_str()).await?.size_gb == size_gib) }).await;
            return self.get(id).await.map_err(|error| error.with_effect(Effect::Applied));
        }
        Ok(volume(&block))
    }

    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed> {
        let block = match self.api.block(id.as_str()).await {
            Ok(block) => block,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Destroyed::AlreadyGone),
            Err(error) => return Err(error),
        };
        if !block.attached_to_instance.is_empty() {
            return Err(taken(&block));
        }
        let request = || self.api.delete(&["blocks", id.as_str()]);
        super::destroyed(self.api.unlocked(self.api.pauses.lock, request).await)
    }
}
