//! Snapshots.

use machine_core::{Destroyed, Effect, ErrorKind, Intent, ResourceKind, Snapshot, SnapshotId, SnapshotSpec};

use super::nobodys;
use crate::Fault;
use crate::bench::{Bench, ensure_no_list, ensure_unknown};
use crate::outcome::{Outcome, refused};

cases! { "snapshots":
    create_takes_one [Snapshots],
    create_carries_the_markers [Snapshots],
    create_says_unknown_and_is_not_repeated [Snapshots, Remote, Cloud],
    a_refused_create_has_no_effect [Snapshots, Remote, Cloud],
    of_a_machine_that_is_not_there_is_not_found [Snapshots],
    list_shows_all [Snapshots],
    list_is_whole_or_an_error [Snapshots, Remote, Cloud],
    outlive_their_machine [Snapshots],
    destroy_is_idempotent [Snapshots],
}

async fn spec(bench: &Bench) -> Outcome<SnapshotSpec> {
    let machine = bench.running(&bench.spec()).await?;
    Ok(SnapshotSpec { name: bench.name().to_string(), machine: machine.id })
}

async fn taken(bench: &Bench) -> Outcome<(Intent, Snapshot)> {
    let (intent, answer) = bench.create_snapshot(&spec(bench).await?).await?;
    Ok((intent, answer?))
}

async fn create_takes_one(bench: &Bench) -> Outcome {
    let spec = spec(bench).await?;
    let snapshot = bench.create_snapshot(&spec).await?.1?;
    ensure!(!snapshot.id.as_str().is_empty(), "it has no id");
    ensure_eq!(snapshot.name, spec.name, "its name");
    Ok(())
}

async fn create_carries_the_markers(bench: &Bench) -> Outcome {
    let (intent, snapshot) = taken(bench).await?;
    let listed = bench.snapshots()?.list().await?;
    let markers = listed.into_iter().find(|it| it.id == snapshot.id).and_then(|it| it.markers);
    ensure_eq!(markers.map(|it| (it.owner, it.intent)), Some((intent.owner, intent.id)), "its markers");
    Ok(())
}

async fn create_says_unknown_and_is_not_repeated(bench: &Bench) -> Outcome {
    let (cloud, spec) = (bench.cloud()?, spec(bench).await?);
    cloud.fault(Fault::LoseCreateAnswer(ResourceKind::Snapshot)).await;
    let (_, answer) = bench.create_snapshot(&spec).await?;
    ensure_eq!(cloud.made(ResourceKind::Snapshot, &spec.name).await, 1, "snapshots for one wish");
    match answer {
        Ok(snapshot) => broken!("the answer was lost, and yet it was {snapshot:?}"),
        Err(error) => ensure_unknown(&error),
    }
}

async fn a_refused_create_has_no_effect(bench: &Bench) -> Outcome {
    let (cloud, spec) = (bench.cloud()?, spec(bench).await?);
    cloud.fault(Fault::RefuseCreate(ResourceKind::Snapshot)).await;
    let Err(error) = bench.create_snapshot(&spec).await?.1 else { broken!("it was refused, and succeeded") };
    ensure_eq!(error.effect(), Effect::None, "the effect of a refusal");
    ensure_eq!(cloud.made(ResourceKind::Snapshot, &spec.name).await, 0, "snapshots that were refused");
    Ok(())
}

async fn of_a_machine_that_is_not_there_is_not_found(bench: &Bench) -> Outcome {
    let spec = spec(bench).await?;
    let spec = SnapshotSpec { machine: nobodys(&spec.machine), ..spec };
    let answer = bench.create_snapshot(&spec).await?.1;
    refused(answer, &[ErrorKind::NotFound], "a snapshot of a machine that nobody has").map(drop)
}

async fn list_shows_all(bench: &Bench) -> Outcome {
    let made = [taken(bench).await?.1, taken(bench).await?.1];
    let listed = bench.snapshots()?.list().await?;
    for snapshot in made {
        let count = listed.iter().filter(|it| it.id == snapshot.id).count();
        ensure_eq!(count, 1, "how often snapshot `{}` is in the list", snapshot.name);
    }
    Ok(())
}

async fn outlive_their_machine(bench: &Bench) -> Outcome {
    let spec = spec(bench).await?;
    let snapshot = bench.create_snapshot(&spec).await?.1?;
    bench.destroy(&spec.machine).await?;
    let listed = bench.snapshots()?.list().await?;
    ensure!(listed.iter().any(|it| it.id == snapshot.id), "the snapshot is gone with its machine");
    Ok(())
}

async fn destroy_is_idempotent(bench: &Bench) -> Outcome {
    let (_, snapshot) = taken(bench).await?;
    let snapshots = bench.snapshots()?;
    ensure_eq!(snapshots.destroy(&snapshot.id).await?, Destroyed::Accepted, "the first answer");
    ensure_eq!(snapshots.destroy(&snapshot.id).await?, Destroyed::AlreadyGone, "the second answer");
    let unknown = SnapshotId::new("no-such-snapshot");
    ensure_eq!(snapshots.destroy(&unknown).await?, Destroyed::AlreadyGone, "the answer for what nobody has");
    ensure!(snapshots.list().await?.iter().all(|it| it.id != snapshot.id), "it is still in the list");
    Ok(())
}

async fn list_is_whole_or_an_error(bench: &Bench) -> Outcome {
    taken(bench).await?;
    bench.cloud()?.fault(Fault::FailList(ResourceKind::Snapshot)).await;
    ensure_no_list(bench.snapshots()?.list().await)
}
