//! Public ssh keys registered with an account.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Destroyed, RecordedIntent, Result, SshKeyId};

/// Public ssh keys registered with an account.
#[async_trait]
pub trait SshKeys: Send + Sync {
    /// Registers one. Same contract as creating a machine: a key grants access.
    async fn create(&self, intent: &RecordedIntent, spec: &SshKeySpec) -> Result<SshKey>;

    /// All keys of the account, complete or not at all.
    async fn list(&self) -> Result<Vec<SshKey>>;

    /// Takes one off the account; idempotent. Machines that have it keep it.
    async fn destroy(&self, id: &SshKeyId) -> Result<Destroyed>;
}

/// What is asked for when a key is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshKeySpec {
    /// Its name in the account.
    pub name: String,
    /// The public key, in one line as in `id_ed25519.pub`.
    pub public_key: String,
}

/// A registered key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshKey {
    /// The provider's id.
    pub id: SshKeyId,
    /// Its name in the account.
    pub name: String,
    /// The public key, in one line.
    pub public_key: String,
    /// Its fingerprint in the provider's spelling; the MD5 of the key where it tells none and the key is one.
    pub fingerprint: Option<String>,
}
