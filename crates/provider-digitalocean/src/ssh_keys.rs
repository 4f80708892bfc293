//! Registered ssh keys.

use std::sync::Arc;

use async_trait::async_trait;
use machine_core::{
    Destroyed, Effect, Error, ErrorKind, RecordedIntent, Result, SshKey, SshKeyId, SshKeySpec, SshKeys, nearest,
};
use machine_ssh::fingerprint;

use crate::choose::unknown;
use crate::convert::number;
use crate::provider::DigitalOceanProvider;
use crate::wire::{CreateKey, KeyAnswer, KeyRef, RegisteredKey};

fn ours(key: RegisteredKey) -> SshKey {
    let fingerprint = key.fingerprint.or_else(|| fingerprint(&key.public_key));
    SshKey { id: SshKeyId::new(key.id.to_string()), name: key.name, public_key: key.public_key, fingerprint }
}

fn is_fingerprint(text: &str) -> bool {
    text.len() == 47 && text.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|it| it.is_ascii_hexdigit()))
}

impl DigitalOceanProvider {
    /// The account's keys. The list may be asked for ten times a minute, so it holds for one.
    async fn registered(&self) -> Result<Arc<Vec<RegisteredKey>>> {
        let ask = async { self.api().list::<RegisteredKey>(&["account", "keys"], &[]).await };
        let keys = self.keys().get(ask).await?;
        Ok(Arc::new(machine_http::distinct(keys.to_vec(), |key| key.id)))
    }

    /// The keys that these names, ids and fingerprints mean.
    ///
    /// # Errors
    /// `NotFound` with the nearest names.
    pub(crate) async fn key_refs(&self, wanted: &[String]) -> Result<Vec<KeyRef>> {
        let direct = |wanted: &String| match number(wanted) {
            Some(id) => Some(KeyRef::Id(id)),
            None => is_fingerprint(wanted).then(|| KeyRef::Fingerprint(wanted.to_lowercase())),
        };
        // Ids and fingerprints need no list; a name that looks like one is asked for by its id.
        if let Some(refs) = wanted.iter().map(direct).collect() {
            return Ok(refs);
        }
        let mut keys = self.registered().await?;
        if wanted.iter().any(|name| direct(name).is_none() && named(name, &keys).is_none()) {
            // It may have been registered since.
            self.keys().forget().await;
            keys = self.registered().await?;
        }
        let found = wanted.iter().map(|name| {
            direct(name).or_else(|| named(name, &keys)).ok_or_else(|| {
                let near = nearest(name, keys.iter().map(|key| key.name.as_str()));
                unknown("registered ssh key", name, &near, "register it first, or name one that the account has")
            })
        });
        found.collect()
    }

    /// The key of this very content that the account has already.
    async fn twin(&self, public_key: &str) -> Option<RegisteredKey> {
        let fingerprint = fingerprint(public_key)?;
        let answer: Result<KeyAnswer> = self.api().get(["account", "keys", &fingerprint]).send().await;
        answer.ok().map(|answer| answer.ssh_key)
    }

    async fn register(&self, spec: &SshKeySpec) -> Result<SshKey> {
        let body = CreateKey { name: &spec.name, public_key: &spec.public_key };
        if fingerprint(&spec.public_key).is_none() {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("what is to be key `{}` is no public ssh key", spec.name),
            )
            .with_hint("give the one line of a file such as id_ed25519.pub"));
        }
        let answer: Result<KeyAnswer> = self.api().post(["account", "keys"]).json(&body).send().await;
        self.keys().forget().await;
        match answer {
            Ok(answer) => Ok(ours(answer.ssh_key)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && error.effect() == Effect::None => {
                match self.twin(&spec.public_key).await {
                    Some(key) => Err(error.with_hint(format!("it is registered as `{}` (id {})", key.name, key.id))),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }
}

fn named(name: &str, keys: &[RegisteredKey]) -> Option<KeyRef> {
    keys.iter().find(|key| key.name == name).map(|key| KeyRef::Id(key.id))
}

#[async_trait]
impl SshKeys for DigitalOceanProvider {
    async fn create(&self, _: &RecordedIntent, spec: &SshKeySpec) -> Result<SshKey> {
        self.register(spec).await
    }

    async fn list(&self) -> Result<Vec<SshKey>> {
        Ok(self.registered().await?.iter().cloned().map(ours).collect())
    }

    async fn destroy(&self, id: &SshKeyId) -> Result<Destroyed> {
        if number(id.as_str()).is_none() && !is_fingerprint(id.as_str()) {
            return Ok(Destroyed::AlreadyGone);
        }
        let answer = self.remove(&["account", "keys", id.as_str()]).await;
        self.keys().forget().await;
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_told_from_a_name() {
        assert!(is_fingerprint("3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45"));
        assert!(!is_fingerprint("3b:16") && !is_fingerprint("my laptop") && !is_fingerprint(&"x".repeat(47)));
    }
}
