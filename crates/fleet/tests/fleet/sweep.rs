use crate::fake::{CreateFault, DestroyFault};
use crate::rig::*;
use jiff::Timestamp;
use machine_core::{IntentId, Markers, OwnerId};
use machine_fleet::{Action, Outcome, Reason, SweepItem, SweepOptions, SweepReport};

async fn sweep(rig: &Rig) -> SweepReport {
    rig.fleet.sweep(SweepOptions::default()).await.unwrap()
}

fn the_item(report: &SweepReport) -> &SweepItem {
    assert_eq!(report.items.len(), 1, "{report:#?}");
    assert!(!report.items[0].evidence.is_empty());
    &report.items[0]
}

fn markers(owner: OwnerId) -> Markers {
    Markers { owner, intent: IntentId::mint(), deadline: None }
}

/// A fleet of a process that made something and died: its ledger, and with it its lock, is dropped.
async fn a_dead_client_made(rig: &Rig, lifetime: Lifetime, fault: Option<CreateFault>) {
    let doomed = rig.other().await;
    rig.fake.world().on_create.extend(fault);
    let _ = doomed.create(&spec("doomed"), lifetime, None).await;
}

#[tokio::test]
async fn what_is_in_order_is_left_alone() {
    let rig = Rig::new().await;
    rig.create("waited-for", Lifetime::Client).await.unwrap();
    a_dead_client_made(&rig, Lifetime::Deadline, None).await;
    rig.fake.put("by-hand", None);
    rig.fake.put("theirs", Some(markers(OwnerId::new("somebody-else"))));
    let report = rig.other().await.sweep(SweepOptions::default()).await.unwrap();
    assert!(report.items.is_empty(), "{report:#?}");
    assert_eq!((report.in_order, report.foreign, report.unmarked), (2, 1, 1));
    assert!(report.complete);
    assert_eq!(rig.fake.bill().len(), 4);
}

#[tokio::test]
async fn a_dead_clients_machine_goes() {
    let rig = Rig::new().await;
    a_dead_client_made(&rig, Lifetime::Client, None).await;
    assert!(rig.fleet.needs_sweep().await.unwrap());
    let report = sweep(&rig).await;
    let item = the_item(&report);
    assert_eq!((item.reason, &item.outcome), (Reason::ClientDied, &Outcome::Destroyed));
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.state, State::Gone);
    assert!(!rig.fleet.needs_sweep().await.unwrap());
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_touches_nothing() {
    let rig = Rig::new().await;
    a_dead_client_made(&rig, Lifetime::Client, None).await;
    let before = rig.entry().await;
    let report = rig.fleet.sweep(SweepOptions { dry_run: true, ..Default::default() }).await.unwrap();
    let item = the_item(&report);
    assert_eq!((item.reason, item.action, &item.outcome), (Reason::ClientDied, Action::Destroy, &Outcome::Planned));
    assert_eq!(rig.fake.count("destroy"), 0);
    assert_eq!(rig.entry().await, before);
}

#[tokio::test]
async fn past_its_deadline_a_machine_goes_whoever_waits_for_it() {
    for lifetime in [Lifetime::Client, Lifetime::Deadline] {
        let rig = Rig::new().await;
        let deadline = Timestamp::now() + Duration::from_millis(60);
        rig.fleet.create(&spec("web-1"), lifetime, Some(deadline)).await.unwrap();
        assert!(sweep(&rig).await.items.is_empty());
        tokio::time::sleep(Duration::from_millis(70)).await;
        let report = sweep(&rig).await;
        assert_eq!(the_item(&report).reason, Reason::Expired);
        assert!(rig.fake.bill().is_empty());
    }
}

#[tokio::test]
async fn a_deadline_that_was_put_off_on_the_machine_counts() {
    let rig = Rig::new().await;
    let deadline = Timestamp::now() + Duration::from_millis(20);
    let machine = rig.fleet.create(&spec("web-1"), Lifetime::Deadline, Some(deadline)).await.unwrap();
    let later = Timestamp::now() + Duration::from_hours(1);
    rig.fake.edit(&machine.id, |machine| machine.markers.as_mut().unwrap().deadline = Some(later));
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(sweep(&rig).await.items.is_empty());
}

#[tokio::test]
async fn what_became_of_a_dead_clients_request_is_found_out() {
    for (lifetime, fault, outcome, left) in [
        (Lifetime::Client, CreateFault::LostAnswer, Outcome::Destroyed, 0),
        (Lifetime::Deadline, CreateFault::LostAnswer, Outcome::Kept, 1),
        (Lifetime::Deadline, CreateFault::LostAnswerTwice, Outcome::Kept, 1),
        (Lifetime::Client, CreateFault::LostRequest, Outcome::NeverMade, 0),
    ] {
        let rig = Rig::new().await;
        rig.fake.world().partial = true;
        a_dead_client_made(&rig, lifetime, Some(fault)).await;
        assert_eq!(rig.states().await, [State::Uncertain]);
        let blind = sweep(&rig).await;
        assert!(!blind.complete && !blind.problems.is_empty());
        assert!(matches!(the_item(&blind).outcome, Outcome::Open(_)), "a partial list proves nothing: {blind:#?}");
        rig.fake.world().partial = false;
        let report = sweep(&rig).await;
        let item = the_item(&report);
        assert_eq!((item.reason, &item.outcome), (Reason::Unsettled, &outcome), "{fault:?}");
        assert_eq!(rig.fake.bill().len(), left, "{fault:?}");
        assert!(sweep(&rig).await.items.is_empty(), "settled once and for all");
    }
}

#[tokio::test]
async fn an_expired_request_that_was_made_to_stay_does_not() {
    let rig = Rig::new().await;
    rig.fake.world().partial = true;
    rig.fake.fail_create(CreateFault::LostAnswer);
    let deadline = Timestamp::now() + Duration::from_millis(50);
    rig.other().await.create(&spec("web-1"), Lifetime::Deadline, Some(deadline)).await.unwrap_err();
    rig.fake.world().partial = false;
    assert_eq!(the_item(&sweep(&rig).await).outcome, Outcome::Destroyed);
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn where_lists_lag_absence_takes_two_sweeps_a_settle_time_apart() {
    let rig = Rig::on(Fake::lagging(Duration::from_millis(300))).await;
    a_dead_client_made(&rig, Lifetime::Client, Some(CreateFault::LostRequest)).await;
    assert!(matches!(the_item(&sweep(&rig).await).outcome, Outcome::Open(_)));
    assert_eq!(rig.entry().await.state, State::Uncertain);
    tokio::time::sleep(Duration::from_millis(550)).await;
    assert_eq!(the_item(&sweep(&rig).await).outcome, Outcome::NeverMade);
    assert_eq!(rig.entry().await.state, State::Void);
}

#[tokio::test]
async fn what_was_given_up_and_turns_up_late_goes() {
    let rig = Rig::new().await;
    a_dead_client_made(&rig, Lifetime::Deadline, Some(CreateFault::LostRequest)).await;
    let void = rig.entry().await;
    assert_eq!(void.state, State::Void);
    rig.fake.put("doomed", Some(void.intent.markers()));
    let report = sweep(&rig).await;
    assert_eq!(the_item(&report).reason, Reason::Reappeared);
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn what_was_destroyed_and_turns_up_again_goes_again() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fleet.destroy(&machine.id, soon()).await.unwrap();
    let twin = rig.fake.put("web-1", machine.markers);
    let report = sweep(&rig).await;
    let item = the_item(&report);
    assert_eq!((item.reason, item.id.as_deref()), (Reason::Reappeared, Some(twin.as_str())));
    assert_eq!(item.outcome, Outcome::Destroyed);
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.resource_id.as_deref(), Some(twin.as_str()));
}

#[tokio::test]
async fn a_duplicate_that_shows_late_goes_and_the_kept_one_stays() {
    let rig = Rig::new().await;
    let kept = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    let twin = rig.fake.put("web-1", kept.markers.clone());
    let report = sweep(&rig).await;
    let item = the_item(&report);
    assert_eq!((item.reason, item.id.as_deref()), (Reason::Duplicate, Some(twin.as_str())));
    assert!(item.evidence.contains(kept.id.as_str()));
    assert_eq!(rig.fake.bill(), [kept.id.as_str()]);
}

#[tokio::test]
async fn what_went_by_itself_is_buried_and_only_by_a_complete_list() {
    let rig = Rig::new().await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.take(&machine.id);
    rig.fake.world().partial = true;
    assert!(sweep(&rig).await.items.is_empty());
    rig.fake.world().partial = false;
    assert_eq!(the_item(&sweep(&rig).await).reason, Reason::Vanished);
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn a_machine_that_a_lagging_list_lacks_is_not_buried() {
    let rig = Rig::on(Fake::lagging(Duration::from_millis(200))).await;
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.take(&machine.id);
    assert!(matches!(the_item(&sweep(&rig).await).outcome, Outcome::Open(_)));
    let missing = rig.entry().await;
    assert!(missing.state == State::Bound && missing.missing_since.is_some());
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(the_item(&sweep(&rig).await).outcome, Outcome::Destroyed);
    assert_eq!(rig.entry().await.state, State::Gone);
}

#[tokio::test]
async fn a_partial_list_stops_no_destroying() {
    let rig = Rig::new().await;
    a_dead_client_made(&rig, Lifetime::Client, None).await;
    rig.fake.world().partial = true;
    let report = rig.fleet.sweep(SweepOptions { deadline: brief(), ..Default::default() }).await.unwrap();
    assert!(matches!(the_item(&report).outcome, Outcome::Open(_)), "not proved gone: {report:#?}");
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.state, State::Destroying);
}

#[tokio::test]
async fn what_is_made_while_the_cloud_draws_up_its_list_is_no_orphan() {
    let rig = Rig::new().await;
    let other = rig.other().await;
    rig.fake.world().hold_list = true;
    let sweeping = tokio::spawn(async move { other.sweep(SweepOptions::default()).await });
    rig.fake.arrived.acquire().await.unwrap().forget();
    rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fake.list_gate.add_permits(1);
    let report = sweeping.await.unwrap().unwrap();
    assert!(report.items.is_empty(), "{report:#?}");
    assert_eq!((report.in_order, rig.fake.bill().len()), (1, 1));
}

#[tokio::test]
async fn a_list_that_fails_ends_the_sweep_with_nothing_done() {
    let rig = Rig::new().await;
    a_dead_client_made(&rig, Lifetime::Client, None).await;
    rig.fake.world().list_fails = true;
    let error = rig.fleet.sweep(SweepOptions::default()).await.unwrap_err();
    assert_eq!((error.operation(), error.provider()), (Some("list"), Some("fake")));
    assert_eq!(rig.fake.bill().len(), 1);
    assert_eq!(rig.entry().await.state, State::Bound);
}

#[tokio::test]
async fn few_machines_without_a_record_go_and_many_are_asked_about() {
    let rig = Rig::new().await;
    for n in 0..3 {
        rig.fake.put(&format!("orphan-{n}"), Some(markers(rig.owner())));
    }
    let report = sweep(&rig).await;
    assert!(report.brake.is_none());
    assert!(report.items.iter().all(|item| item.reason == Reason::NoRecord && item.outcome == Outcome::Destroyed));
    assert!(rig.fake.bill().is_empty());

    for n in 0..4 {
        rig.fake.put(&format!("orphan-{n}"), Some(markers(rig.owner())));
    }
    a_dead_client_made(&rig, Lifetime::Client, None).await;
    let report = sweep(&rig).await;
    let brake = report.brake.unwrap();
    assert_eq!((brake.unrecorded, brake.limit), (4, 3));
    assert_eq!(report.items.iter().filter(|item| item.outcome == Outcome::Held).count(), 4);
    assert_eq!(rig.fake.bill().len(), 4, "what the ledger knows of went without a question");

    let report = rig.fleet.sweep(SweepOptions { confirmed: true, ..Default::default() }).await.unwrap();
    assert!(report.brake.is_none());
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn a_fifth_of_many_is_not_much() {
    let rig = Rig::new().await;
    for n in 0..24 {
        rig.create(&format!("web-{n}"), Lifetime::Deadline).await.unwrap();
    }
    for n in 0..6 {
        rig.fake.put(&format!("orphan-{n}"), Some(markers(rig.owner())));
    }
    assert!(sweep(&rig).await.brake.is_none());
    assert_eq!(rig.fake.bill().len(), 24);
}

#[tokio::test]
async fn two_hundred_of_a_dead_client_are_swept_without_a_question() {
    let rig = Rig::new().await;
    let doomed = rig.other().await;
    for n in 0..200 {
        doomed.create(&spec(&format!("run-{n}")), Lifetime::Client, None).await.unwrap();
    }
    drop(doomed);
    let report = sweep(&rig).await;
    assert!(report.brake.is_none());
    assert_eq!(report.items.iter().filter(|item| item.outcome == Outcome::Destroyed).count(), 200);
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn what_the_provider_shows_without_our_marker_is_never_touched() {
    let rig = Rig::new().await;
    a_dead_client_made(&rig, Lifetime::Client, None).await;
    let id = machine_core::MachineId::new(rig.fake.bill().remove(0));
    rig.fake.edit(&id, |machine| machine.markers = None);
    let report = sweep(&rig).await;
    let item = the_item(&report);
    assert_eq!((item.reason, item.action), (Reason::MarkerLost, Action::Leave));
    assert_eq!(rig.fake.bill().len(), 1);
}

#[tokio::test]
async fn one_that_does_not_go_does_not_stop_the_others() {
    let rig = Rig::new().await;
    for _ in 0..3 {
        a_dead_client_made(&rig, Lifetime::Client, None).await;
    }
    rig.fake.fail_destroy(DestroyFault::Forbidden);
    let report = sweep(&rig).await;
    let open: Vec<_> = report.items.iter().filter(|item| matches!(item.outcome, Outcome::Open(_))).collect();
    assert_eq!(open.len(), 1);
    assert!(matches!(&open[0].outcome, Outcome::Open(why) if why.contains("may not destroy")), "{open:#?}");
    assert_eq!(rig.fake.bill().len(), 1);
    assert_eq!(the_item(&sweep(&rig).await).reason, Reason::Unfinished);
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn two_sweeps_at_once_settle_everything_once() {
    let rig = Rig::new().await;
    for lifetime in [Lifetime::Client, Lifetime::Client, Lifetime::Deadline] {
        a_dead_client_made(&rig, lifetime, Some(CreateFault::LostAnswer)).await;
    }
    let other = rig.other().await;
    let (one, two) = tokio::join!(rig.fleet.sweep(SweepOptions::default()), other.sweep(SweepOptions::default()));
    for report in [one.unwrap(), two.unwrap()] {
        assert!(!report.items.iter().any(|item| matches!(item.outcome, Outcome::Open(_))), "{report:#?}");
    }
    assert_eq!(rig.fake.bill().len(), 1);
    assert!(rig.fleet.open_intents().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_report_reads_as_json() {
    let rig = Rig::new().await;
    a_dead_client_made(&rig, Lifetime::Client, None).await;
    let json = serde_json::to_value(sweep(&rig).await).unwrap();
    assert_eq!(json["items"][0]["reason"], "client-died");
    assert_eq!(json["items"][0]["outcome"]["outcome"], "destroyed");
}
