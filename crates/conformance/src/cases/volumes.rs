//! Volumes by themselves.

use machine_core::{Destroyed, Effect, ErrorKind, ResourceKind, VolumeId, VolumeSpec};

use crate::Fault;
use crate::bench::{Bench, ensure_no_list, ensure_unknown};
use crate::outcome::{Outcome, refused};

cases! { "volumes":
    create_makes_what_is_asked_for [Volumes],
    create_carries_the_markers [Volumes],
    create_says_unknown_and_is_not_repeated [Volumes, Remote, Cloud],
    a_refused_create_has_no_effect [Volumes, Remote, Cloud],
    get_shows_it_to_every_client [Volumes],
    get_of_what_is_gone_is_not_found [Volumes],
    list_shows_all [Volumes],
    list_is_whole_or_an_error [Volumes, Remote, Cloud],
    list_leaves_out_what_is_gone [Volumes],
    resize_makes_it_larger [Volumes],
    resize_to_smaller_is_invalid [Volumes],
    resize_of_what_is_gone_is_not_found [Volumes],
    destroy_destroys [Volumes],
    destroy_of_what_is_gone_is_already_gone [Volumes],
}

async fn create_makes_what_is_asked_for(bench: &Bench) -> Outcome {
    let spec = VolumeSpec { name: bench.name(), size_gib: bench.gib(2), region: None };
    let volume = bench.create_volume(&spec).await?.1?;
    ensure_eq!((volume.name.as_str(), volume.size_gib), (spec.name.as_str(), spec.size_gib), "its name and size");
    ensure_eq!(volume.provider, bench.provider.info().kind, "the kind of provider that has it");
    ensure_eq!(volume.attached_to, None, "what has it");
    Ok(())
}

async fn create_carries_the_markers(bench: &Bench) -> Outcome {
    let spec = VolumeSpec { name: bench.name(), size_gib: bench.gib(1), region: None };
    let (intent, volume) = bench.create_volume(&spec).await?;
    let id = volume?.id;
    let Some(markers) = bench.volumes()?.get(&id).await?.markers else { broken!("it is not marked") };
    ensure_eq!((markers.owner, markers.intent), (intent.owner, intent.id), "its markers");
    Ok(())
}

async fn create_says_unknown_and_is_not_repeated(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    cloud.fault(Fault::LoseCreateAnswer(ResourceKind::Volume)).await;
    let before = cloud.create_requests(ResourceKind::Volume).await;
    let spec = VolumeSpec { name: bench.name(), size_gib: bench.gib(1), region: None };
    let (_, answer) = bench.create_volume(&spec).await?;
    ensure_eq!(cloud.create_requests(ResourceKind::Volume).await - before, 1, "requests for one volume");
    ensure_eq!(cloud.made(ResourceKind::Volume, spec.name.as_str()).await, 1, "volumes for one wish");
    match answer {
        Ok(volume) => broken!("the answer was lost, and yet it was {volume:?}"),
        Err(error) => ensure_unknown(&error),
    }
}

async fn a_refused_create_has_no_effect(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    cloud.fault(Fault::RefuseCreate(ResourceKind::Volume)).await;
    let spec = VolumeSpec { name: bench.name(), size_gib: bench.gib(1), region: None };
    let Err(error) = bench.create_volume(&spec).await?.1 else { broken!("it was refused, and succeeded") };
    ensure_eq!(error.effect(), Effect::None, "the effect of a refusal");
    ensure_eq!(cloud.made(ResourceKind::Volume, spec.name.as_str()).await, 0, "volumes that were refused");
    Ok(())
}

async fn get_shows_it_to_every_client(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    ensure_eq!(bench.volumes()?.get(&volume.id).await?, volume, "the volume");
    let other = bench.another()?;
    let Some(volumes) = other.volumes() else { broken!("another client has no volumes") };
    ensure_eq!(volumes.get(&volume.id).await?, volume, "the volume as another client sees it");
    Ok(())
}

async fn gone(bench: &Bench) -> Outcome<VolumeId> {
    let volume = bench.volume().await?;
    bench.volumes()?.destroy(&volume.id).await?;
    Ok(volume.id)
}

async fn get_of_what_is_gone_is_not_found(bench: &Bench) -> Outcome {
    for id in [gone(bench).await?, VolumeId::new("no-such-volume")] {
        refused(bench.volumes()?.get(&id).await, &[ErrorKind::NotFound], "a volume that is not there")?;
    }
    // What cannot be an id may be told apart from what is none.
    let answer = bench.volumes()?.get(&VolumeId::new("../x")).await;
    refused(answer, &[ErrorKind::NotFound, ErrorKind::Invalid], "a volume whose id is a path").map(drop)
}

async fn list_shows_all(bench: &Bench) -> Outcome {
    let made = [bench.volume().await?, bench.volume().await?, bench.volume().await?];
    let listed = bench.volumes()?.list().await?;
    for volume in made {
        let count = listed.iter().filter(|it| it.id == volume.id).count();
        ensure_eq!(count, 1, "how often volume `{}` is in the list", volume.name);
        ensure!(listed.contains(&volume), "volume `{}` is another in the list", volume.name);
    }
    Ok(())
}

async fn list_leaves_out_what_is_gone(bench: &Bench) -> Outcome {
    let id = gone(bench).await?;
    bench
        .eventually("the list leaves out what is gone", || async {
            Ok(bench.volumes()?.list().await?.iter().all(|volume| volume.id != id))
        })
        .await
}

async fn resize_makes_it_larger(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    ensure_eq!(
        bench.volumes()?.resize(&volume.id, bench.gib(3)).await?.size_gib,
        bench.gib(3),
        "its size in the answer"
    );
    let shown = bench.volumes()?.get(&volume.id).await?;
    ensure_eq!((shown.size_gib, &shown.name), (bench.gib(3), &volume.name), "its size and name");
    Ok(())
}

async fn resize_to_smaller_is_invalid(bench: &Bench) -> Outcome {
    let spec = VolumeSpec { name: bench.name(), size_gib: bench.gib(2), region: None };
    let volume = bench.create_volume(&spec).await?.1?;
    refused(bench.volumes()?.resize(&volume.id, 1).await, &[ErrorKind::Invalid], "to make it smaller")?;
    ensure_eq!(bench.volumes()?.get(&volume.id).await?.size_gib, spec.size_gib, "its size");
    Ok(())
}

async fn resize_of_what_is_gone_is_not_found(bench: &Bench) -> Outcome {
    let id = gone(bench).await?;
    refused(bench.volumes()?.resize(&id, 3).await, &[ErrorKind::NotFound], "to resize what is gone").map(drop)
}

async fn destroy_destroys(bench: &Bench) -> Outcome {
    let volume = bench.volume().await?;
    ensure_eq!(bench.volumes()?.destroy(&volume.id).await?, Destroyed::Accepted, "the answer");
    bench
        .eventually("it is gone", || async {
            Ok(bench.volumes()?.get(&volume.id).await.is_err_and(|error| error.kind() == ErrorKind::NotFound))
        })
        .await
}

async fn destroy_of_what_is_gone_is_already_gone(bench: &Bench) -> Outcome {
    for id in [gone(bench).await?, VolumeId::new("no-such-volume")] {
        ensure_eq!(bench.volumes()?.destroy(&id).await?, Destroyed::AlreadyGone, "the answer for what is gone");
    }
    Ok(())
}

async fn list_is_whole_or_an_error(bench: &Bench) -> Outcome {
    bench.volume().await?;
    bench.cloud()?.fault(Fault::FailList(ResourceKind::Volume)).await;
    ensure_no_list(bench.volumes()?.list().await)
}
