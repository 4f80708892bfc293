//! Registered ssh keys.

use machine_core::{Destroyed, Effect, IntentId, ResourceKind, SshKeyId, SshKeySpec};

use crate::Fault;
use crate::bench::{Bench, ensure_no_list, ensure_unknown};
use crate::outcome::Outcome;

cases! { "ssh_keys":
    create_registers_one [SshKeys],
    create_says_unknown_and_is_not_repeated [SshKeys, Remote, Cloud],
    a_refused_create_has_no_effect [SshKeys, Remote, Cloud],
    list_shows_all [SshKeys],
    list_is_whole_or_an_error [SshKeys, Remote, Cloud],
    destroy_is_idempotent [SshKeys],
}

/// A public key that nobody has the other half of.
fn spec(bench: &Bench) -> SshKeySpec {
    // 32 bytes of a key of type ed25519, in base64: 43 characters of which the last has four bits.
    let random = format!("{}{}", IntentId::mint(), IntentId::mint());
    let public_key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}A", random.get(..42).unwrap_or(&random));
    SshKeySpec { name: bench.name().to_string(), public_key }
}

/// The part that matters: a cloud may leave out or add a comment.
fn key(line: &str) -> Vec<&str> {
    line.split_whitespace().take(2).collect()
}

async fn create_registers_one(bench: &Bench) -> Outcome {
    let spec = spec(bench);
    let made = bench.create_key(&spec).await??;
    ensure_eq!(made.name, spec.name, "its name");
    ensure_eq!(key(&made.public_key), key(&spec.public_key), "the key");
    Ok(())
}

async fn create_says_unknown_and_is_not_repeated(bench: &Bench) -> Outcome {
    let (cloud, spec) = (bench.cloud()?, spec(bench));
    cloud.fault(Fault::LoseCreateAnswer(ResourceKind::SshKey)).await;
    let before = cloud.create_requests(ResourceKind::SshKey).await;
    let answer = bench.create_key(&spec).await?;
    ensure_eq!(cloud.create_requests(ResourceKind::SshKey).await - before, 1, "requests for one key");
    match answer {
        Ok(key) => broken!("the answer was lost, and yet it was {key:?}"),
        Err(error) => ensure_unknown(&error)?,
    }
    // A key has no markers, so it is put away by its name.
    let keys = bench.ssh_keys()?;
    for key in keys.list().await?.iter().filter(|key| key.name == spec.name) {
        keys.destroy(&key.id).await?;
    }
    Ok(())
}

async fn a_refused_create_has_no_effect(bench: &Bench) -> Outcome {
    let (cloud, spec) = (bench.cloud()?, spec(bench));
    cloud.fault(Fault::RefuseCreate(ResourceKind::SshKey)).await;
    let Err(error) = bench.create_key(&spec).await? else { broken!("it was refused, and succeeded") };
    ensure_eq!(error.effect(), Effect::None, "the effect of a refusal");
    ensure_eq!(cloud.made(ResourceKind::SshKey, &spec.name).await, 0, "keys that were refused");
    Ok(())
}

async fn list_shows_all(bench: &Bench) -> Outcome {
    let made = [bench.create_key(&spec(bench)).await??, bench.create_key(&spec(bench)).await??];
    let listed = bench.ssh_keys()?.list().await?;
    for key in made {
        ensure_eq!(listed.iter().filter(|it| **it == key).count(), 1, "how often key `{}` is in the list", key.name);
    }
    Ok(())
}

async fn destroy_is_idempotent(bench: &Bench) -> Outcome {
    let made = bench.create_key(&spec(bench)).await??;
    let keys = bench.ssh_keys()?;
    ensure_eq!(keys.destroy(&made.id).await?, Destroyed::Accepted, "the first answer");
    ensure_eq!(keys.destroy(&made.id).await?, Destroyed::AlreadyGone, "the second answer");
    let unknown = SshKeyId::new("no-such-key");
    ensure_eq!(keys.destroy(&unknown).await?, Destroyed::AlreadyGone, "the answer for what nobody has");
    ensure!(keys.list().await?.iter().all(|it| it.id != made.id), "it is still in the list");
    Ok(())
}

async fn list_is_whole_or_an_error(bench: &Bench) -> Outcome {
    bench.create_key(&spec(bench)).await??;
    bench.cloud()?.fault(Fault::FailList(ResourceKind::SshKey)).await;
    ensure_no_list(bench.ssh_keys()?.list().await)
}
