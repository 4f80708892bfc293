//! Snapshots. Their markers stand in the description, behind the name.

use async_trait::async_trait;
use machine_core::{Destroyed, RecordedIntent, Result, Snapshot, SnapshotId, SnapshotSpec, Snapshots};

use super::{VultrProvider, destroyed};
use crate::convert::{Note, noted, snapshot};
use crate::wire::{self, CreateSnapshot, One};

#[async_trait]
impl Snapshots for VultrProvider {
    async fn create(&self, intent: &RecordedIntent, spec: &SnapshotSpec) -> Result<Snapshot> {
        // A machine that is not there is told in our words; the cloud has several for it.
        let instance = self.api.instance(spec.machine.as_str()).await?;
        let note = Note { markers: Some(intent.intent().markers()), place: None };
        let request = CreateSnapshot { instance_id: &instance.id, description: noted(&spec.name, &note) };
        let One(mut made) = self.api.post(&["snapshots"]).json(&request).send::<One<wire::Snapshot>>().await?;
        if made.description.is_empty() {
            made.description = request.description;
        }
        Ok(snapshot(&made))
    }

    async fn list(&self) -> Result<Vec<Snapshot>> {
        Ok(self.api.all::<wire::Snapshot>(&["snapshots"]).await?.iter().map(snapshot).collect())
    }

    async fn destroy(&self, id: &SnapshotId) -> Result<Destroyed> {
        // One that is still being taken can go once it is there.
        let request = || self.api.delete(&["snapshots", id.as_str()]);
        destroyed(self.api.unlocked(self.api.pauses.lock, request).await)
    }
}
