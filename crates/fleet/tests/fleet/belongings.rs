//! What is made for a machine goes with it, unless it is asked to stay.

use crate::fake::DestroyFault;
use crate::rig::*;
use machine_core::{ErrorKind, IntentId, RecordSpec, VolumeSpec};
use machine_fleet::{Reason, SweepOptions};

fn data() -> VolumeSpec {
    VolumeSpec { name: "data".parse().unwrap(), size_gib: 1, region: None }
}

fn www() -> RecordSpec {
    let text = |text: &str| text.to_owned();
    let (domain, name, kind, value) = (text("example.com"), text("www"), text("A"), text("192.0.2.1"));
    RecordSpec { domain, name, kind, value, ttl_seconds: None, priority: None }
}

/// A machine with a volume and a record of its own, and a volume of nobody's.
async fn furnished(rig: &Rig) -> (Machine, IntentId) {
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    let intent = machine.markers.as_ref().unwrap().intent;
    let its = rig.fleet.made_for(intent);
    its.create_volume(&data(), Lifetime::Deadline, None).await.unwrap();
    its.create_record(&www(), Lifetime::Deadline, None).await.unwrap();
    rig.fleet.create_volume(&data(), Lifetime::Deadline, None).await.unwrap();
    (machine, intent)
}

#[tokio::test]
async fn they_go_with_the_machine_and_nothing_else_does() {
    let rig = Rig::new().await;
    let (machine, intent) = furnished(&rig).await;
    assert_eq!(rig.fleet.belongings(intent).await.unwrap().len(), 2);
    assert!(rig.other().await.sweep(SweepOptions::default()).await.unwrap().items.is_empty());
    rig.fleet.destroy(&machine.id, soon()).await.unwrap();
    assert_eq!(rig.fake.bill().len(), 1);
    assert_eq!((rig.count_in(State::Gone).await, rig.count_in(State::Bound).await), (3, 1));
}

#[tokio::test]
async fn what_is_released_stays() {
    let rig = Rig::new().await;
    let (machine, intent) = furnished(&rig).await;
    assert_eq!(rig.fleet.release(intent).await.unwrap().len(), 2);
    rig.fleet.destroy(&machine.id, soon()).await.unwrap();
    assert_eq!(rig.fake.bill().len(), 3);
    assert!(rig.fleet.sweep(SweepOptions::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn what_is_left_when_the_machine_is_gone_is_swept() {
    let rig = Rig::new().await;
    let (machine, _) = furnished(&rig).await;
    // The machine goes although the answer is lost, and its volume is refused.
    rig.fake.world().on_destroy.extend([DestroyFault::LostAnswer, DestroyFault::Conflict]);
    let error = rig.fleet.destroy(&machine.id, soon()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotDestroyed, "{error}");
    assert!(error.to_string().contains("volume `data`"), "{error}");
    assert_eq!(rig.fake.bill().len(), 2);
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!(report.items.iter().map(|item| item.reason).collect::<Vec<_>>(), [Reason::MachineGone]);
    assert_eq!(rig.fake.bill().len(), 1);
}

#[tokio::test]
async fn a_machine_that_went_by_itself_takes_them_along() {
    let rig = Rig::new().await;
    let (machine, _) = furnished(&rig).await;
    rig.fake.take(&machine.id);
    for _ in 0..3 {
        rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    }
    assert_eq!(rig.fake.bill().len(), 1);
}

#[tokio::test]
async fn the_reaper_of_another_client_leaves_them_alone() {
    let rig = Rig::new().await;
    let (_, intent) = furnished(&rig).await;
    let doomed = rig.other().await;
    let client = doomed.ledger().client().await.unwrap();
    doomed.made_for(intent).create_volume(&data(), Lifetime::Client, None).await.unwrap();
    drop(doomed);
    assert_eq!(rig.fleet.settle(client, soon()).await.unwrap().len(), 1);
    assert_eq!(rig.fake.bill().len(), 4);
}
