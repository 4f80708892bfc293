//! Intents: nothing that costs money or grants access is created before a store has committed to remembering the wish.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{IntentId, MachineSpec, OwnerId, Result};

/// What an intent makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ResourceKind {
    /// A machine.
    Machine,
    /// A volume.
    Volume,
    /// A snapshot.
    Snapshot,
    /// A registered ssh key.
    SshKey,
    /// A DNS record.
    DnsRecord,
    /// A reserved address.
    Address,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Machine, Self::Volume, Self::Snapshot, Self::SshKey, Self::DnsRecord, Self::Address];

    /// The stable kebab-case word for this kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Volume => "volume",
            Self::Snapshot => "snapshot",
            Self::SshKey => "ssh-key",
            Self::DnsRecord => "dns-record",
            Self::Address => "address",
        }
    }
}

/// How long a thing is meant to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifetime {
    /// For as long as the client that made it waits for it: it goes when the client goes.
    Client,
    /// Made to stay, until its deadline where it has one.
    Deadline,
}

/// A wish before it is recorded.
#[derive(Debug, Clone)]
pub struct IntentDraft {
    /// What is to be made.
    pub resource: ResourceKind,
    /// The name it is to have.
    pub name: String,
    /// The provider that is to make it, by its kind (`local`, `fly`, ...).
    pub provider: String,
    /// How long it is meant to live.
    pub lifetime: Lifetime,
    /// When it must be gone at the latest.
    pub deadline: Option<Timestamp>,
}

impl IntentDraft {
    /// The wish for a machine of the provider of that kind, without a deadline.
    pub fn machine(spec: &MachineSpec, provider: impl Into<String>, lifetime: Lifetime) -> Self {
        Self {
            resource: ResourceKind::Machine,
            name: spec.name.to_string(),
            provider: provider.into(),
            lifetime,
            deadline: None,
        }
    }
}

/// A wish with an identity: what a store commits and what the markers on the thing point back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its identity.
    pub id: IntentId,
    /// The ledger that holds it.
    pub owner: OwnerId,
    /// What is to be made.
    pub resource: ResourceKind,
    /// The name it is to have.
    pub name: String,
    /// The provider that is to make it.
    pub provider: String,
    /// How long it is meant to live.
    pub lifetime: Lifetime,
    /// When it must be gone at the latest.
    pub deadline: Option<Timestamp>,
    /// When the wish was minted.
    pub minted_at: Timestamp,
}

impl Intent {
    /// The wish for a machine as a preview sees it: recorded nowhere, so that nothing can be made from it, and with an id and an
    /// owner that are nobody's.
    pub fn rehearsal(spec: &MachineSpec, provider: impl Into<String>) -> Self {
        Self {
            id: IntentId::NOBODYS,
            owner: OwnerId::new("preview"),
            resource: ResourceKind::Machine,
            name: spec.name.to_string(),
            provider: provider.into(),
            lifetime: Lifetime::Deadline,
            deadline: None,
            minted_at: Timestamp::now(),
        }
    }

    /// What is written on the thing itself.
    pub fn markers(&self) -> Markers {
        Markers { owner: self.owner.clone(), intent: self.id, deadline: self.deadline }
    }
}

/// What we write on everything we make, in the create request itself, so that it can be found and judged by anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Markers {
    /// The ledger that made it.
    pub owner: OwnerId,
    /// The wish behind it.
    pub intent: IntentId,
    /// When it must be gone at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// Where intents are remembered.
#[async_trait]
pub trait IntentStore: std::fmt::Debug + Send + Sync {
    /// The identity that this store writes on what it makes.
    fn owner(&self) -> &OwnerId;

    /// Remembers `intent`. Returns only when the store would still know it after a crash of this process.
    async fn commit(&self, intent: &Intent) -> Result<()>;
}

/// Proof that a store has committed an intent. There is no other way to make one than [`RecordedIntent::record`], and no
/// way to create a machine, volume, snapshot, key or record without one.
#[derive(Debug)]
pub struct RecordedIntent(Intent);

impl RecordedIntent {
    /// Mints an intent from `draft`, has `store` commit it, and only then returns.
    ///
    /// # Errors
    /// Whatever the store says; then nothing was recorded and nothing may be created.
    pub async fn record(store: &dyn IntentStore, draft: IntentDraft) -> Result<Self> {
        let intent = Intent {
            id: IntentId::mint(),
            owner: store.owner().clone(),
            resource: draft.resource,
            name: draft.name,
            provider: draft.provider,
            lifetime: draft.lifetime,
            deadline: draft.deadline,
            minted_at: Timestamp::now(),
        };
        store.commit(&intent).await?;
        Ok(Self(intent))
    }

    /// The intent.
    pub fn intent(&self) -> &Intent {
        &self.0
    }
}

/// A store that forgets everything when the process ends: for tests, and for embedders who accept that a crash can leave
/// a machine behind that only its deadline or a person ends.
#[derive(Debug)]
pub struct VolatileIntents {
    owner: OwnerId,
    known: Mutex<BTreeMap<IntentId, Intent>>,
}

impl VolatileIntents {
    /// An empty store that writes `owner` on what it makes.
    pub fn new(owner: OwnerId) -> Self {
        Self { owner, known: Mutex::default() }
    }

    /// Every intent committed so far, oldest first.
    pub fn intents(&self) -> Vec<Intent> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner).values().cloned().collect()
    }
}

#[async_trait]
impl IntentStore for VolatileIntents {
    fn owner(&self) -> &OwnerId {
        &self.owner
    }

    async fn commit(&self, intent: &Intent) -> Result<()> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(intent.id, intent.clone());
        Ok(())
    }
}
