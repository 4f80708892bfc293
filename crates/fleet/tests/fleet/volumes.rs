use crate::fake::{CreateFault, DestroyFault};
use crate::rig::*;
use machine_core::{Destroyed, Effect, ErrorKind, ResourceKind, VolumeMount, VolumeSpec, Volumes as _};
use machine_fleet::{Action, Reason, SweepOptions};

fn data() -> VolumeSpec {
    VolumeSpec { name: "data".parse().unwrap(), size_gib: 1, region: None }
}

#[tokio::test]
async fn a_volume_is_recorded_bound_and_buried_like_a_machine() {
    let rig = Rig::new().await;
    let volume = rig.fleet.create_volume(&data(), Lifetime::Deadline, None).await.unwrap();
    let entry = rig.entry().await;
    assert_eq!((entry.state, entry.intent.resource.as_str()), (State::Bound, "volume"));
    assert_eq!(rig.fleet.destroy_volume(&volume.id, soon()).await.unwrap(), Destroyed::Accepted);
    assert_eq!(rig.entry().await.state, State::Gone);
    assert_eq!(rig.fleet.destroy_volume(&volume.id, soon()).await.unwrap(), Destroyed::AlreadyGone);
}

#[tokio::test]
async fn unclear_volumes_are_looked_up() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::LostAnswer);
    let volume = rig.fleet.create_volume(&data(), Lifetime::Deadline, None).await.unwrap();
    assert_eq!(rig.fake.bill(), [volume.id.as_str()]);

    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::LostRequest);
    let error = rig.fleet.create_volume(&data(), Lifetime::Deadline, None).await.unwrap_err();
    assert_eq!(error.effect(), Effect::None);
    assert_eq!(rig.entry().await.state, State::Void);
}

#[tokio::test]
async fn an_attached_volume_is_refused_and_not_destroyed_behind_anybodys_back_later() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    let volume = rig.fleet.create_volume(&data(), Lifetime::Deadline, None).await.unwrap();
    let mount = VolumeMount { volume: volume.id.clone(), path: "/data".to_owned() };
    rig.fake.attach(&machine.id, &mount).await.unwrap();
    let error = rig.fleet.destroy_volume(&volume.id, soon()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.hint().unwrap().contains("detach"));
    rig.fake.detach(&volume.id).await.unwrap();
    // Attached between our look and our request.
    rig.fake.fail_destroy(DestroyFault::Conflict);
    assert_eq!(rig.fleet.destroy_volume(&volume.id, soon()).await.unwrap_err().kind(), ErrorKind::Conflict);
    let known = rig.fleet.ledger().find("fake", ResourceKind::Volume, volume.id.as_str()).await.unwrap().unwrap();
    assert_eq!(known.state, State::Bound, "nobody wants it destroyed any more");
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert!(report.items.is_empty(), "{report:#?}");
    assert!(rig.fake.bill().contains(&volume.id.as_str().to_owned()));
}

#[tokio::test]
async fn a_volume_that_the_ledger_does_not_know_is_shown_and_left() {
    let rig = Rig::new().await;
    let volume = rig.fleet.create_volume(&data(), Lifetime::Deadline, None).await.unwrap();
    let owner = rig.owner();
    rig.fake.edit_volume(&volume.id, |volume| {
        let markers = volume.markers.as_mut().unwrap();
        (markers.intent, markers.owner) = (machine_core::IntentId::mint(), owner);
        volume.id = machine_core::VolumeId::new("v-unknown");
    });
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    let left = report.items.iter().find(|item| item.reason == Reason::NoRecord).unwrap();
    assert_eq!(left.action, Action::Leave);
    assert_eq!(rig.fake.count("volume destroy"), 0);
}
