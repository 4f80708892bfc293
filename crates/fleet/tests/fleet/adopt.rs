use crate::fake::DestroyFault;
use crate::rig::*;
use jiff::Timestamp;
use machine_core::{ErrorKind, IntentId, MachineId, Markers};
use machine_fleet::{Reason, SweepOptions};

fn in_an_hour() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + 3600).unwrap()
}

async fn markers(rig: &Rig, id: &MachineId) -> Markers {
    rig.fleet.provider().get(id).await.unwrap().markers.unwrap()
}

#[tokio::test]
async fn what_others_made_is_ours_from_then_on() {
    let theirs = Markers { owner: OwnerId::new("theirs"), intent: IntentId::mint(), deadline: Some(in_an_hour()) };
    for before in [None, Some(theirs)] {
        let rig = Rig::new().await;
        let id = rig.fake.put("by-hand", before);
        let machine = rig.fleet.adopt(&id, None).await.unwrap();
        let entry = rig.entry().await;
        assert_eq!((entry.state, entry.resource_id.as_deref()), (State::Bound, Some(id.as_str())));
        assert_eq!(machine.markers, Some(entry.intent.markers()));
        assert_eq!(entry.intent.deadline, None, "what another meant is over");
        let report = rig.other().await.sweep(SweepOptions::default()).await.unwrap();
        assert!(report.items.is_empty(), "{report:#?}");
        assert_eq!((report.in_order, report.foreign, report.unmarked), (1, 0, 0));
        rig.fleet.destroy(&id, soon()).await.unwrap();
        assert_eq!(rig.states().await, [State::Gone]);
        assert!(rig.fake.bill().is_empty());
    }
}

#[tokio::test]
async fn its_deadline_is_held() {
    let rig = Rig::new().await;
    let id = rig.fake.put("by-hand", None);
    let soon = Timestamp::now() + Duration::from_millis(50);
    rig.fleet.adopt(&id, Some(soon)).await.unwrap();
    assert_eq!(markers(&rig, &id).await.deadline, Some(soon));
    tokio::time::sleep(Duration::from_millis(60)).await;
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!(report.items[0].reason, Reason::Expired);
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn adopting_again_changes_the_deadline_and_nothing_else() {
    let rig = Rig::new().await;
    let id = rig.fake.put("by-hand", None);
    let first = rig.fleet.adopt(&id, None).await.unwrap().markers.unwrap();
    assert_eq!(rig.fleet.adopt(&id, None).await.unwrap().markers.unwrap(), first);
    let deadline = Some(in_an_hour());
    assert_eq!(rig.fleet.adopt(&id, deadline).await.unwrap().markers.unwrap(), Markers { deadline, ..first });
    assert_eq!(rig.states().await, [State::Bound]);
}

#[tokio::test]
async fn marks_that_did_not_arrive_are_written_by_the_next_call_and_the_machine_is_safe_meanwhile() {
    let rig = Rig::new().await;
    let id = rig.fake.put("by-hand", None);
    rig.fake.world().update_fails = true;
    let error = rig.fleet.adopt(&id, None).await.unwrap_err();
    assert!(error.hint().unwrap().contains("again"), "{error:?}");
    assert_eq!(rig.states().await, [State::Bound]);
    let report = rig.other().await.sweep(SweepOptions::default()).await.unwrap();
    assert!(report.items.is_empty(), "{report:#?}");
    rig.fake.world().update_fails = false;
    let machine = rig.fleet.adopt(&id, None).await.unwrap();
    assert_eq!(machine.markers, Some(rig.entry().await.intent.markers()));
}

#[tokio::test]
async fn what_another_owner_takes_over_is_not_ours_any_more() {
    let rig = Rig::new().await;
    let id = rig.fake.put("by-hand", None);
    rig.fleet.adopt(&id, Some(Timestamp::now() + Duration::from_millis(30))).await.unwrap();
    let theirs = Markers { owner: OwnerId::new("theirs"), intent: IntentId::mint(), deadline: None };
    rig.fake.edit(&id, |machine| machine.markers = Some(theirs));
    tokio::time::sleep(Duration::from_millis(40)).await;
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!(report.items[0].reason, Reason::MarkerLost);
    assert_eq!(rig.fake.bill(), [id.as_str()]);
}

#[tokio::test]
async fn what_is_gone_or_going_is_refused() {
    let rig = Rig::new().await;
    assert_eq!(rig.fleet.adopt(&MachineId::new("m-9"), None).await.unwrap_err().kind(), ErrorKind::NotFound);
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.fail_destroy(DestroyFault::Forbidden);
    rig.fleet.destroy(&machine.id, brief()).await.unwrap_err();
    let error = rig.fleet.adopt(&machine.id, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}
