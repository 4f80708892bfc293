use crate::fake::CreateFault;
use crate::rig::*;
use machine_core::{Effect, ErrorKind};

#[tokio::test]
async fn what_is_created_is_recorded_first_and_bound_after() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::Gate);
    let other = rig.other().await;
    let creating = tokio::spawn({
        let fleet = rig.fleet.clone();
        async move { fleet.create(&spec("web-1"), Lifetime::Client, None).await }
    });
    rig.fake.arrived.acquire().await.unwrap().forget();
    let sent = rig.entry().await;
    assert_eq!(sent.state, State::Sent, "the request is on its way, and another process can read of it");
    assert!(!other.needs_sweep().await.unwrap(), "its client lives");
    rig.fake.gate.add_permits(1);
    let machine = creating.await.unwrap().unwrap();
    let bound = rig.entry().await;
    assert_eq!((bound.state, bound.resource_id.as_deref()), (State::Bound, Some(machine.id.as_str())));
    assert_eq!(machine.markers.unwrap().intent, bound.intent.id);
    assert_eq!(bound.intent.name, "web-1");
}

#[tokio::test]
async fn open_is_what_somebody_has_to_come_back_for() {
    let rig = Rig::new().await;
    assert!(rig.fleet.open_intents().await.unwrap().is_empty());
    rig.create("stays", Lifetime::Deadline).await.unwrap();
    assert!(rig.fleet.open_intents().await.unwrap().is_empty());
    let waited_for = rig.create("waited-for", Lifetime::Client).await.unwrap();
    let open = rig.fleet.open_intents().await.unwrap();
    assert_eq!(open.iter().map(|entry| entry.intent.name.as_str()).collect::<Vec<_>>(), ["waited-for"]);
    rig.fleet.destroy(&waited_for.id, soon()).await.unwrap();
    assert!(rig.fleet.open_intents().await.unwrap().is_empty());
}

#[tokio::test]
async fn refused_is_void_and_asked_only_once() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::Refused);
    let error = rig.create("web-1", Lifetime::Client).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Quota, Effect::None));
    assert_eq!((error.operation(), error.provider()), (Some("create"), Some("fake")));
    let entry = rig.entry().await;
    assert_eq!(entry.state, State::Void);
    assert!(entry.last_error.unwrap().contains("no more machines"));
    assert_eq!(rig.fake.count("create"), 1);
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_adopted() {
    for lifetime in [Lifetime::Client, Lifetime::Deadline] {
        let rig = Rig::new().await;
        rig.fake.fail_create(CreateFault::LostAnswer);
        let machine = rig.create("web-1", lifetime).await.unwrap();
        assert_eq!(rig.fake.bill(), [machine.id.as_str()]);
        assert_eq!(rig.entry().await.resource_id.as_deref(), Some(machine.id.as_str()));
        assert_eq!(rig.fake.count("create"), 1, "never sent again");
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_a_lost_answer() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::Hang);
    let machine = rig.create("web-1", Lifetime::Client).await.unwrap();
    assert_eq!(rig.fake.bill(), [machine.id.as_str()]);
    assert_eq!(rig.fake.count("create"), 1);
}

#[tokio::test]
async fn of_two_one_is_kept_and_the_other_destroyed() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::LostAnswerTwice);
    let machine = rig.create("web-1", Lifetime::Deadline).await.unwrap();
    assert_eq!(rig.fake.bill(), [machine.id.as_str()]);
    let mut states = rig.states().await;
    states.sort_by_key(|state| state.as_str());
    assert_eq!(states, [State::Bound, State::Gone]);
}

#[tokio::test]
async fn a_lost_request_is_void_after_two_complete_looks() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::LostRequest);
    let error = rig.create("web-1", Lifetime::Client).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Network, Effect::None));
    assert_eq!(rig.entry().await.state, State::Void);
    assert_eq!(rig.fake.count("find"), 2);
}

#[tokio::test]
async fn a_partial_look_proves_nothing() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::LostAnswer);
    rig.fake.world().partial = true;
    let error = rig.create("web-1", Lifetime::Client).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert!(error.hint().unwrap().contains("machine gc"), "{error:?}");
    let entry = rig.entry().await;
    assert_eq!((entry.state, entry.missing_since, entry.client), (State::Uncertain, None, None));
    assert!(rig.fleet.needs_sweep().await.unwrap(), "nobody looks after it, although its process lives");
}

#[tokio::test]
async fn where_lists_lag_absence_is_not_believed_at_once() {
    let rig = Rig::on(Fake::lagging(Duration::from_secs(30))).await;
    rig.fake.fail_create(CreateFault::LostRequest);
    let error = rig.create("web-1", Lifetime::Client).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown, "the list may lag: nobody knows");
    let entry = rig.entry().await;
    assert_eq!(entry.state, State::Uncertain);
    assert!(entry.missing_since.is_some());
}

#[tokio::test]
async fn what_shows_late_is_waited_for() {
    let rig = Rig::on(Fake::lagging(Duration::from_secs(30))).await;
    rig.fake.fail_create(CreateFault::Late(3));
    let machine = rig.create("web-1", Lifetime::Client).await.unwrap();
    assert_eq!(rig.fake.bill(), [machine.id.as_str()]);
    assert_eq!(rig.entry().await.missing_since, None);
}

#[tokio::test]
async fn what_was_made_although_it_failed_goes_with_its_client_and_stays_where_it_was_made_to() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::Applied);
    let error = rig.create("web-1", Lifetime::Client).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Upstream, Effect::None));
    assert!(rig.fake.bill().is_empty());
    assert_eq!(rig.entry().await.state, State::Gone);

    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::Applied);
    let error = rig.create("web-1", Lifetime::Deadline).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Applied);
    let bill = rig.fake.bill();
    assert!(error.context().contains(&("id", bill[0].clone())), "{error:?}");
    assert_eq!(rig.entry().await.state, State::Bound);
}

#[tokio::test]
async fn a_deadline_in_the_past_is_refused_before_anything_is_recorded() {
    let rig = Rig::new().await;
    let past = jiff::Timestamp::now() - Duration::from_secs(1);
    let error = rig.fleet.create(&spec("web-1"), Lifetime::Client, Some(past)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(rig.entries().await.is_empty() && rig.fake.count("create") == 0);
}

#[tokio::test]
async fn a_machine_destroyed_by_another_while_it_was_created_is_not_handed_out() {
    let rig = Rig::new().await;
    rig.fake.fail_create(CreateFault::Gate);
    let creating = tokio::spawn({
        let fleet = rig.fleet.clone();
        async move { fleet.create(&spec("web-1"), Lifetime::Deadline, None).await }
    });
    rig.fake.arrived.acquire().await.unwrap().forget();
    // A second machine of the same intent stands for the one that the other process saw before we did.
    let seen = rig.fake.put("web-1", Some(rig.entry().await.intent.markers()));
    rig.other().await.destroy(&seen, soon()).await.unwrap();
    rig.fake.gate.add_permits(1);
    let error = creating.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert!(rig.fake.bill().is_empty());
    assert!(rig.fleet.open_intents().await.unwrap().is_empty());
}
