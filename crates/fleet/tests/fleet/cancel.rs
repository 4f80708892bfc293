//! What a dropped future leaves behind.

use crate::fake::{CreateFault, DestroyFault};
use crate::rig::*;
use machine_fleet::SweepOptions;

/// Starts a create, waits until its request is on its way, and drops it.
async fn drop_in_the_middle(rig: &Rig, lifetime: Lifetime) {
    rig.fake.fail_create(CreateFault::Gate);
    let wanted = spec("web-1");
    let creating = rig.fleet.create(&wanted, lifetime, None);
    tokio::select! {
        _ = creating => panic!("it cannot be done yet"),
        arrived = rig.fake.arrived.acquire() => arrived.unwrap().forget(),
    }
    rig.fake.gate.add_permits(1);
}

#[tokio::test]
async fn a_machine_whose_caller_left_in_the_middle_is_destroyed() {
    let rig = Rig::new().await;
    drop_in_the_middle(&rig, Lifetime::Client).await;
    assert!(rig.fleet.finish(soon()).await);
    assert_eq!((rig.fake.count("create"), rig.fake.count("destroy")), (1, 1));
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn a_machine_that_was_made_to_stay_stays_and_is_known() {
    let rig = Rig::new().await;
    drop_in_the_middle(&rig, Lifetime::Deadline).await;
    assert!(rig.fleet.finish(soon()).await);
    let entry = rig.entry().await;
    assert_eq!(entry.state, State::Bound);
    assert_eq!(rig.fake.bill(), [entry.resource_id.unwrap()]);
}

#[tokio::test]
async fn a_destroy_that_nobody_waits_for_goes_on() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.fail_destroy(DestroyFault::Slow(3, 1));
    let left = tokio::time::timeout(Duration::from_millis(10), rig.fleet.destroy(&machine.id, soon())).await;
    assert!(left.is_err(), "too quick to be left");
    assert!(rig.fleet.finish(soon()).await);
    assert_eq!(rig.entry().await.state, State::Gone);
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn waiting_for_the_background_ends_at_the_deadline_and_the_fleet_stays_usable() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::Gate);
    let wanted = spec("web-1");
    let creating = rig.fleet.create(&wanted, Lifetime::Client, None);
    assert!(tokio::time::timeout(Duration::from_millis(10), creating).await.is_err());
    assert!(!rig.fleet.finish(Deadline::after(Duration::from_millis(10))).await);
    rig.create("web-2", Lifetime::Deadline).await.unwrap();
    rig.fake.gate.add_permits(1);
    assert!(rig.fleet.finish(soon()).await);
}

/// The runtime ends with the request on its way, as when a program returns from `main`: the next process settles it.
#[test]
fn what_a_runtime_that_ended_left_behind_is_swept() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (fake, outer) = (Fake::new(), tempfile::tempdir().unwrap());
    let dir = StateDir::open(outer.path().join("state")).unwrap();
    let first = runtime();
    first.block_on(async {
        let fleet = fleet(&fake, &dir).await;
        fake.fail_create(CreateFault::Hang);
        let wanted = spec("web-1");
        let creating = fleet.create(&wanted, Lifetime::Client, None);
        assert!(tokio::time::timeout(Duration::from_millis(20), creating).await.is_err());
    });
    drop(first);
    assert_eq!(fake.bill().len(), 1);
    runtime().block_on(async {
        let fleet = fleet(&fake, &dir).await;
        assert!(fleet.needs_sweep().await.unwrap());
        fleet.sweep(SweepOptions::default()).await.unwrap();
        assert!(!fleet.needs_sweep().await.unwrap());
    });
    assert!(fake.bill().is_empty());
}
