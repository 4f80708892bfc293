//! Settling what one dead client left, as a reaper does.

use crate::rig::*;
use machine_core::{ErrorKind, IntentDraft, RecordedIntent, ResourceKind};
use machine_fleet::Outcome;

/// A request of which nobody knows what came of it.
fn draft() -> IntentDraft {
    IntentDraft {
        resource: ResourceKind::Machine,
        name: "sent".to_owned(),
        provider: "fake".to_owned(),
        lifetime: Lifetime::Client,
        deadline: None,
    }
}

#[tokio::test]
async fn a_living_clients_intents_are_its_own() {
    let rig = Rig::new().await;
    rig.create("web-1", Lifetime::Client).await.unwrap();
    let client = rig.entry().await.client.unwrap();
    let error = rig.other().await.settle(client, soon()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(rig.fake.bill().len(), 1);
}

#[tokio::test]
async fn a_dead_clients_are_settled_without_a_list_and_nobody_elses() {
    let rig = Rig::new().await;
    let doomed = rig.other().await;
    doomed.create(&spec("waited-for"), Lifetime::Client, None).await.unwrap();
    doomed.create(&spec("stays"), Lifetime::Deadline, None).await.unwrap();
    let client = doomed.ledger().client().await.unwrap();
    let sent = RecordedIntent::record(&**doomed.ledger(), draft()).await.unwrap();
    rig.fake.put("sent", Some(sent.intent().markers()));
    rig.create("mine", Lifetime::Client).await.unwrap();
    drop(doomed);

    let lists = rig.fake.count("list");
    let items = rig.fleet.settle(client, soon()).await.unwrap();
    assert!(items.iter().all(|item| item.outcome == Outcome::Destroyed), "{items:#?}");
    assert_eq!(rig.fake.count("list"), lists);
    let open = rig.fleet.open_intents().await.unwrap();
    assert_eq!(open.iter().map(|entry| entry.intent.name.as_str()).collect::<Vec<_>>(), ["mine"]);
    assert_eq!(rig.fake.bill().len(), 2, "one stays, one is another client's");
    assert!(rig.fleet.settle(client, soon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn settling_looks_until_it_knows() {
    let rig = Rig::on(Fake::lagging(Duration::from_millis(100))).await;
    let doomed = rig.other().await;
    let client = doomed.ledger().client().await.unwrap();
    RecordedIntent::record(&**doomed.ledger(), draft()).await.unwrap();
    drop(doomed);
    let items = rig.fleet.settle(client, soon()).await.unwrap();
    assert_eq!(items[0].outcome, Outcome::NeverMade, "{items:#?}");
    assert_eq!(rig.entry().await.state, State::Void);
}
