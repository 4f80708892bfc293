//! What a cloud shows late, and what other owners left past its deadline.

use crate::fake::Fake;
use crate::rig::*;
use jiff::Timestamp;
use machine_core::{IntentId, Markers, OwnerId};
use machine_fleet::{Action, Outcome, Reason, SweepOptions, SweepReport};

async fn others_too(rig: &Rig) -> Result<SweepReport> {
    rig.fleet.sweep(SweepOptions { expired_of_others: true, ..SweepOptions::default() }).await
}

fn theirs(minutes_ago: i64) -> Markers {
    let deadline = Timestamp::now() - jiff::SignedDuration::from_mins(minutes_ago);
    Markers { owner: OwnerId::new("somebody-else"), intent: IntentId::mint(), deadline: Some(deadline) }
}

#[tokio::test]
async fn another_owners_machine_goes_long_after_its_deadline_and_only_when_that_is_asked_for() {
    let rig = Rig::new().await;
    rig.fake.put("long-over", Some(theirs(11)));
    rig.fake.put("just-over", Some(theirs(9)));
    rig.fake.put("not-over", Some(theirs(-1)));
    rig.fake.put("for-ever", Some(Markers { deadline: None, ..theirs(0) }));
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!((report.items.len(), report.foreign, rig.fake.bill().len()), (0, 4, 4));
    let report = others_too(&rig).await.unwrap();
    let item = &report.items[0];
    assert_eq!(
        (item.reason, item.name.as_str(), &item.outcome),
        (Reason::ExpiredOfAnother, "long-over", &Outcome::Destroyed)
    );
    assert_eq!((report.items.len(), report.foreign), (1, 3));
    assert_eq!(rig.fake.bill().len(), 3);
}

#[tokio::test]
async fn one_whose_owner_gives_it_more_time_meanwhile_stays() {
    let rig = Rig::new().await;
    let id = rig.fake.put("long-over", Some(theirs(11)));
    let options = SweepOptions { expired_of_others: true, dry_run: true, ..SweepOptions::default() };
    let planned = rig.fleet.sweep(options).await.unwrap();
    assert_eq!((planned.items[0].action, &planned.items[0].outcome), (Action::Destroy, &Outcome::Planned));
    rig.fake.edit(&id, |machine| machine.markers.as_mut().unwrap().deadline = None);
    assert!(others_too(&rig).await.unwrap().items.is_empty());
    assert_eq!(rig.fake.bill().len(), 1);
}

#[tokio::test]
async fn a_machine_whose_marker_does_not_show_yet_is_no_stranger() {
    let rig = Rig::on(Fake::lagging(Duration::from_mins(1))).await;
    let doomed = rig.other().await;
    let made = doomed.create(&spec("doomed"), Lifetime::Client, None).await.unwrap();
    drop(doomed);
    let mut markers = None;
    rig.fake.edit(&made.id, |machine| markers = machine.markers.take());
    let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    let item = &report.items[0];
    assert_eq!((item.reason, item.action), (Reason::ClientDied, Action::Wait));
    assert!(matches!(item.outcome, Outcome::Open(_)), "{item:?}");
    assert_eq!(rig.fake.bill().len(), 1);
    // When it shows, it goes.
    rig.fake.edit(&made.id, |machine| machine.markers = markers);
    let options = SweepOptions { deadline: brief(), ..SweepOptions::default() };
    rig.fleet.sweep(options).await.unwrap();
    assert!(rig.fake.bill().is_empty());
}
