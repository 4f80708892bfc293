use crate::fake::DestroyFault;
use crate::rig::*;
use machine_core::{Destroyed, Effect, ErrorKind, MachineId};
use machine_fleet::SweepOptions;

#[tokio::test]
async fn destroyed_leaves_a_tombstone_and_is_idempotent() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    assert_eq!(rig.fleet.destroy(&machine.id, soon()).await.unwrap(), Destroyed::Accepted);
    assert!(rig.fake.bill().is_empty());
    let entry = rig.entry().await;
    assert_eq!((entry.state, entry.resource_id.as_deref()), (State::Gone, Some(machine.id.as_str())));
    assert_eq!(rig.fleet.destroy(&machine.id, soon()).await.unwrap(), Destroyed::AlreadyGone);
    assert_eq!(rig.fake.count("destroy"), 1);
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn what_never_was_is_already_gone_and_leaves_no_trace() {
    let rig = Rig::new().await;
    assert_eq!(rig.fleet.destroy(&MachineId::new("m-999"), soon()).await.unwrap(), Destroyed::AlreadyGone);
    assert!(rig.entries().await.is_empty());
}

#[tokio::test]
async fn what_another_tool_made_is_recorded_before_it_is_destroyed() {
    let rig = Rig::new().await;
    let id = rig.fake.put("by-hand", None);
    rig.fake.fail_destroy(DestroyFault::Forbidden);
    rig.fleet.destroy(&id, soon()).await.unwrap_err();
    let entry = rig.entry().await;
    assert!(entry.adopted);
    assert_eq!((entry.state, entry.intent.name.as_str()), (State::Destroying, "by-hand"));
    rig.fleet.destroy(&id, soon()).await.unwrap();
    assert_eq!(rig.entry().await.state, State::Gone);
    assert!(rig.fake.count("list") >= 1, "its own intent's list would prove nothing");
}

#[tokio::test]
async fn destroying_goes_on_until_get_and_the_list_agree() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.fail_destroy(DestroyFault::Slow(2, 2));
    assert_eq!(rig.fleet.destroy(&machine.id, soon()).await.unwrap(), Destroyed::Accepted);
    assert!(rig.fake.bill().is_empty(), "accepted is not gone");
    assert!(rig.fake.count("get") >= 3 && rig.fake.count("find") >= 2);
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for fault in [DestroyFault::Busy, DestroyFault::Conflict, DestroyFault::LostAnswer] {
        let rig = Rig::new().await;
        let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
        rig.fake.fail_destroy(fault);
        assert_eq!(rig.fleet.destroy(&machine.id, soon()).await.unwrap(), Destroyed::Accepted, "{fault:?}");
        assert!(rig.fake.bill().is_empty());
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_said_at_once_and_kept() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.fail_destroy(DestroyFault::Forbidden);
    let error = rig.fleet.destroy(&machine.id, soon()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotDestroyed, Effect::Unknown));
    assert!(error.to_string().contains("`web-1`") && error.to_string().contains("may not destroy"), "{error}");
    assert_eq!((error.operation(), error.provider()), (Some("destroy"), Some("fake")));
    assert_eq!(rig.fake.count("destroy"), 1);
    let entry = rig.entry().await;
    assert_eq!((entry.state, entry.client), (State::Destroying, None));
    assert!(rig.fleet.needs_sweep().await.unwrap());
}

#[tokio::test]
async fn not_destroyed_at_the_deadline_is_an_error_of_its_own_and_the_sweep_goes_on() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.fail_destroy(DestroyFault::Slow(10_000, 0));
    let error = rig.fleet.destroy(&machine.id, brief()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotDestroyed);
    assert!(error.to_string().contains("still there"), "{error}");
    assert_eq!(rig.entry().await.state, State::Destroying);

    rig.fake.fail_destroy(DestroyFault::Slow(1, 1));
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!(report.items.len(), 1, "{report:#?}");
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn a_partial_list_does_not_prove_that_it_is_gone() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.world().partial = true;
    let error = rig.fleet.destroy(&machine.id, brief()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotDestroyed);
    assert_eq!(rig.entry().await.state, State::Destroying);
    rig.fake.world().partial = false;
    rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn two_at_once_both_succeed() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    let other = rig.other().await;
    rig.fake.fail_destroy(DestroyFault::Slow(3, 1));
    let (one, two) = tokio::join!(rig.fleet.destroy(&machine.id, soon()), other.destroy(&machine.id, soon()));
    one.unwrap();
    two.unwrap();
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.state, State::Gone);
}
