//! Snapshots: copies of a machine's disk to make others from.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Destroyed, MachineId, Markers, RecordedIntent, Result, SnapshotId};

/// Copies of machines' disks.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// Takes one. Same contract as creating a machine.
    async fn create(&self, intent: &RecordedIntent, spec: &SnapshotSpec) -> Result<Snapshot>;

    /// All snapshots of the account, complete or not at all.
    async fn list(&self) -> Result<Vec<Snapshot>>;

    /// Destroys one; idempotent.
    async fn destroy(&self, id: &SnapshotId) -> Result<Destroyed>;
}

/// What is asked for when a snapshot is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSpec {
    /// Its name.
    pub name: String,
    /// Of which machine.
    pub machine: MachineId,
}

/// A snapshot as a provider reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The provider's id.
    pub id: SnapshotId,
    /// Its name.
    pub name: String,
    /// Its size in GiB, once known.
    pub size_gib: Option<u64>,
    /// When it was taken.
    pub created_at: Option<Timestamp>,
    /// What we wrote on it, where we made it.
    pub markers: Option<Markers>,
}
