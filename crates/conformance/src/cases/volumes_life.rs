//! Volumes and machines.

use std::time::Duration;

use machine_core::{ErrorKind, Goal, Machine, MachineId, Power, VolumeId, VolumeMount};

use super::nobodys;
use crate::bench::Bench;
use crate::outcome::{Outcome, refused};

cases! { "volumes":
    what_is_on_it_outlives_the_machine [Volumes, Command, Logs],
    a_machine_has_those_it_was_made_with [Volumes],
    attach_gives_it_to_the_machine [Volumes, Attach],
    attach_where_it_is_already_is_left_alone [Volumes, Attach],
    attach_of_what_another_has_is_a_conflict [Volumes],
    attach_to_a_running_machine_is_a_conflict [Volumes, NoLiveAttach],
    attach_of_what_is_not_there_is_not_found [Volumes],
    detach_takes_it_away [Volumes, Attach],
    detach_of_what_nothing_has_is_left_alone [Volumes],
    detach_of_what_is_not_there_is_not_found [Volumes],
    destroy_of_what_is_attached_is_a_conflict [Volumes],
    a_destroyed_machine_gives_its_volumes_back [Volumes],
}

const PATH: &str = "/mnt/conformance";

fn at(id: &VolumeId) -> VolumeMount {
    VolumeMount { volume: id.clone(), path: PATH.to_owned() }
}

async fn stopped(bench: &Bench) -> Outcome<Machine> {
    let machine = bench.running(&bench.spec()).await?;
    bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await?;
    Ok(bench.provider.wait(&machine.id, &bench.until(Goal::Ended)).await?)
}

/// A machine that was made with that volume.
async fn made_with(bench: &Bench, volume: &VolumeId) -> Outcome<Machine> {
    let mut spec = bench.spec();
    spec.volumes = vec![at(volume)];
    bench.running(&spec).await
}

async fn ensure_held(bench: &Bench, volume: &VolumeId, by: Option<&MachineId>) -> Outcome {
    let held = bench.volumes()?.get(volume).await?.attached_to;
    ensure_eq!(held.as_ref().map(|it| &it.machine), by, "what has the volume");
    let path = held.and_then(|it| it.path);
    ensure!(by.is_none() || path.is_none_or(|path| path == PATH), "it shows somewhere else");
    Ok(())
}

async fn what_is_on_it_outlives_the_machine(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    for round in 1..=2 {
        let mut spec = bench.script(&format!("echo kept >>{PATH}/file; cat {PATH}/file"));
        spec.volumes = vec![at(&volume.id)];
        let machine = bench.ended(&spec).await?;
        let told = bench.texts(&machine.id, machine_core::LogOptions::default()).await?;
        ensure_eq!(told, vec!["kept"; round], "what machine {round} read from the volume");
        bench.destroy(&machine.id).await?;
    }
    Ok(())
}

async fn a_machine_has_those_it_was_made_with(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    let machine = made_with(bench, &volume.id).await?;
    ensure_eq!(bench.provider.get(&machine.id).await?.volumes, [at(&volume.id)], "its volumes");
    ensure_held(bench, &volume.id, Some(&machine.id)).await
}

async fn attach_gives_it_to_the_machine(bench: &Bench) -> Outcome {
    let (machine, volume) = (stopped(bench).await?, bench.volume().await?);
    bench.volumes()?.attach(&machine.id, &at(&volume.id)).await?;
    ensure_held(bench, &volume.id, Some(&machine.id)).await?;
    ensure_eq!(bench.provider.get(&machine.id).await?.volumes, [at(&volume.id)], "the machine's volumes");
    Ok(())
}

async fn attach_where_it_is_already_is_left_alone(bench: &Bench) -> Outcome {
    let (machine, volume) = (stopped(bench).await?, bench.volume().await?);
    for _ in 0..2 {
        bench.volumes()?.attach(&machine.id, &at(&volume.id)).await?;
    }
    ensure_eq!(bench.provider.get(&machine.id).await?.volumes, [at(&volume.id)], "the machine's volumes");
    Ok(())
}

async fn attach_of_what_another_has_is_a_conflict(bench: &Bench) -> Outcome {
    let (other, volume) = (stopped(bench).await?, bench.volume().await?);
    let one = made_with(bench, &volume.id).await?;
    let answer = bench.volumes()?.attach(&other.id, &at(&volume.id)).await;
    refused(answer, &[ErrorKind::Conflict], "to attach what another machine has")?;
    ensure_held(bench, &volume.id, Some(&one.id)).await
}

async fn attach_to_a_running_machine_is_a_conflict(bench: &Bench) -> Outcome {
    let (machine, volume) = (bench.running(&bench.spec()).await?, bench.volume().await?);
    let answer = bench.volumes()?.attach(&machine.id, &at(&volume.id)).await;
    refused(answer, &[ErrorKind::Conflict], "to attach it to a machine that runs")?;
    ensure_held(bench, &volume.id, None).await
}

async fn attach_of_what_is_not_there_is_not_found(bench: &Bench) -> Outcome {
    let (machine, volume) = (stopped(bench).await?, bench.volume().await?);
    let nothing = at(&VolumeId::new("no-such-volume"));
    let answer = bench.volumes()?.attach(&machine.id, &nothing).await;
    refused(answer, &[ErrorKind::NotFound], "to attach a volume that nobody has")?;
    let answer = bench.volumes()?.attach(&nobodys(&machine.id), &at(&volume.id)).await;
    refused(answer, &[ErrorKind::NotFound], "to attach it to a machine that nobody has")?;
    ensure_held(bench, &volume.id, None).await
}

async fn detach_takes_it_away(bench: &Bench) -> Outcome {
    let (machine, volume) = (stopped(bench).await?, bench.volume().await?);
    bench.volumes()?.attach(&machine.id, &at(&volume.id)).await?;
    bench.volumes()?.detach(&volume.id).await?;
    ensure_held(bench, &volume.id, None).await?;
    ensure_eq!(bench.provider.get(&machine.id).await?.volumes, [], "the machine's volumes");
    Ok(())
}

async fn detach_of_what_nothing_has_is_left_alone(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    bench.volumes()?.detach(&volume.id).await?;
    ensure_held(bench, &volume.id, None).await
}

async fn detach_of_what_is_not_there_is_not_found(bench: &Bench) -> Outcome {
    let answer = bench.volumes()?.detach(&VolumeId::new("no-such-volume")).await;
    refused(answer, &[ErrorKind::NotFound], "to detach a volume that nobody has").map(drop)
}

async fn destroy_of_what_is_attached_is_a_conflict(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    let machine = made_with(bench, &volume.id).await?;
    let answer = bench.volumes()?.destroy(&volume.id).await;
    refused(answer, &[ErrorKind::Conflict], "to destroy what a machine has")?;
    ensure_held(bench, &volume.id, Some(&machine.id)).await
}

async fn a_destroyed_machine_gives_its_volumes_back(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    let mut spec = bench.spec();
    spec.volumes = vec![at(&volume.id)];
    let machine = bench.running(&spec).await?;
    bench.destroy(&machine.id).await?;
    bench
        .eventually("the volume is free", || async {
            Ok(bench.volumes()?.get(&volume.id).await?.attached_to.is_none())
        })
        .await
}
