//! Volumes: storage that outlives a machine.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Destroyed, MachineId, Markers, RecordedIntent, Result, VolumeId, VolumeMount};

/// Storage that outlives a machine. Volume and machine must be in the same region.
#[async_trait]
pub trait Volumes: Send + Sync {
    /// Creates a volume. One mutating request, never repeated; on an unclear outcome the error says
    /// [`Effect::Unknown`](crate::Effect::Unknown).
    async fn create(&self, intent: &RecordedIntent, spec: &VolumeSpec) -> Result<Volume>;

    /// The volume, or [`NotFound`](crate::ErrorKind::NotFound).
    async fn get(&self, id: &VolumeId) -> Result<Volume>;

    /// All volumes of the account, complete or not at all.
    async fn list(&self) -> Result<Vec<Volume>>;

    /// Attaches the volume to `machine`. One that is attached there at that path already is left alone; one that is
    /// attached elsewhere is a [`Conflict`](crate::ErrorKind::Conflict). Where the provider cannot do it live, the error for a
    /// running machine is `Conflict` too and says so.
    async fn attach(&self, machine: &MachineId, mount: &VolumeMount) -> Result<()>;

    /// Detaches the volume from whatever has it. One that nothing has is left alone.
    async fn detach(&self, id: &VolumeId) -> Result<()>;

    /// Makes it larger. Smaller is [`Invalid`](crate::ErrorKind::Invalid).
    async fn resize(&self, id: &VolumeId, size_gib: u64) -> Result<Volume>;

    /// Destroys it and what is on it. An attached one is a [`Conflict`](crate::ErrorKind::Conflict); one that is gone is
    /// [`Destroyed::AlreadyGone`].
    async fn destroy(&self, id: &VolumeId) -> Result<Destroyed>;
}

/// What is asked for when a volume is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Its name, under the same rule as a machine's.
    pub name: crate::MachineName,
    /// How big, in GiB.
    pub size_gib: u64,
    /// Where; the provider's default otherwise.
    pub region: Option<String>,
}

/// A volume as a provider reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// The provider's id.
    pub id: VolumeId,
    /// Its name.
    pub name: String,
    /// The kind of provider that has it.
    pub provider: String,
    /// How big, in GiB.
    pub size_gib: u64,
    /// Where it is.
    pub region: Option<String>,
    /// What has it.
    pub attached_to: Option<Attachment>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// What we wrote on it, where we made it.
    pub markers: Option<Markers>,
    /// What a person should know about it, one sentence each.
    pub notes: Vec<String>,
}

/// What has a volume, and where it shows there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which machine.
    pub machine: MachineId,
    /// The absolute path inside, where the provider knows it.
    pub path: Option<String>,
}
