//! Registered ssh keys. A machine has those that it was made with, whatever happens here later. The cloud tells no
//! fingerprints; they follow from the keys.

use async_trait::async_trait;
use machine_core::{Destroyed, Error, ErrorKind, RecordedIntent, Result, SshKey, SshKeyId, SshKeySpec, SshKeys};

use super::lookup::material;
use super::{VultrProvider, destroyed};
use crate::wire::{CreateKey, Key, One};

fn shown(key: Key) -> SshKey {
    let (public_key, fingerprint) = (key.line.trim().to_owned(), machine_ssh::fingerprint(&key.line));
    SshKey { id: SshKeyId::new(key.id), name: key.name, public_key, fingerprint }
}

#[async_trait]
impl SshKeys for VultrProvider {
    async fn create(&self, _: &RecordedIntent, spec: &SshKeySpec) -> Result<SshKey> {
        // The cloud takes a key twice, and whoever takes one of the two off again believes it gone.
        let known: Vec<Key> = self.api.all(&["ssh-keys"]).await?;
        if let Some(same) = known.iter().find(|key| material(&key.line) == material(&spec.public_key)) {
            let what = format!("this ssh key is registered already, as `{}`", same.name);
            return Err(Error::new(ErrorKind::AlreadyExists, what).with_context("id", same.id.clone()));
        }
        let request = CreateKey { name: &spec.name, ssh_key: spec.public_key.trim() };
        let made = self.api.post(&["ssh-keys"]).json(&request).send::<One<Key>>().await;
        self.api.keys.forget().await;
        made.map(|One(key)| shown(key))
    }

    async fn list(&self) -> Result<Vec<SshKey>> {
        let keys = self.api.keys.keep(self.api.all(&["ssh-keys"]).await?).await;
        Ok(keys.iter().cloned().map(shown).collect())
    }

    async fn destroy(&self, id: &SshKeyId) -> Result<Destroyed> {
        let gone = self.api.delete(&["ssh-keys", id.as_str()]).done().await;
        self.api.keys.forget().await;
        destroyed(gone)
    }
}
