use crate::fake::CreateFault;
use crate::rig::*;
use machine_core::{
    Effect, ErrorKind, Intent, IntentId, MachineId, RecordSpec, ResourceKind, SnapshotSpec, SshKeySpec,
};
use machine_fleet::{Outcome, Reason, SweepOptions};

fn record(domain: &str, name: &str) -> RecordSpec {
    RecordSpec {
        domain: domain.to_owned(),
        name: name.to_owned(),
        kind: "A".to_owned(),
        value: "192.0.2.1".to_owned(),
        ttl_seconds: None,
        priority: None,
    }
}

fn laptop() -> SshKeySpec {
    SshKeySpec { name: "laptop".to_owned(), public_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@here".to_owned() }
}

fn snapshot() -> SnapshotSpec {
    SnapshotSpec { name: "before".to_owned(), machine: MachineId::new("m-1") }
}

/// Makes one of each.
async fn make_all(fleet: &Fleet, lifetime: Lifetime) -> [Result<()>; 3] {
    [
        fleet.create_snapshot(&snapshot(), lifetime, None).await.map(drop),
        fleet.create_ssh_key(&laptop(), lifetime, None).await.map(drop),
        fleet.create_record(&record("example.com", "www"), lifetime, None).await.map(drop),
    ]
}

#[tokio::test]
async fn each_is_recorded_bound_and_buried() {
    let rig = Rig::new().await;
    let snapshot = rig.fleet.create_snapshot(&snapshot(), Lifetime::Deadline, None).await.unwrap();
    let key = rig.fleet.create_ssh_key(&laptop(), Lifetime::Deadline, None).await.unwrap();
    let record = rig.fleet.create_record(&record("example.com", "www"), Lifetime::Deadline, None).await.unwrap();
    let mut names: Vec<_> = rig.entries().await.into_iter().map(|entry| entry.intent.name).collect();
    names.sort();
    assert_eq!(names, ["before", "example.com/www A 192.0.2.1", "laptop …1lZDI1NTE5AAAAIJ"]);
    assert_eq!(rig.states().await, [State::Bound; 3]);
    assert!(rig.other().await.sweep(SweepOptions::default()).await.unwrap().items.is_empty());
    rig.fleet.destroy_snapshot(&snapshot.id, soon()).await.unwrap();
    rig.fleet.destroy_ssh_key(&key.id, soon()).await.unwrap();
    rig.fleet.destroy_record("example.com", &record.id, soon()).await.unwrap();
    assert_eq!(rig.states().await, [State::Gone; 3]);
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn what_came_of_an_unclear_request_is_looked_up() {
    let rig = Rig::new().await;
    rig.fake.world().on_create.extend([CreateFault::LostAnswer; 3]);
    for made in make_all(&rig.fleet, Lifetime::Deadline).await {
        made.unwrap();
    }
    assert_eq!((rig.states().await, rig.fake.bill().len()), (vec![State::Bound; 3], 3));

    let rig = Rig::new().await;
    rig.fake.world().on_create.extend([CreateFault::LostRequest; 3]);
    for made in make_all(&rig.fleet, Lifetime::Deadline).await {
        assert_eq!(made.unwrap_err().effect(), Effect::None);
    }
    assert_eq!(rig.states().await, [State::Void; 3]);
}

#[tokio::test]
async fn a_dead_clients_go_and_others_like_them_stay() {
    let rig = Rig::new().await;
    let kept = rig.fleet.create_record(&record("example.org", "www"), Lifetime::Deadline, None).await.unwrap();
    for fault in [None, Some(CreateFault::Hang)] {
        let doomed = rig.other().await;
        rig.fake.world().on_create.extend(fault.into_iter().cycle().take(3));
        for made in make_all(&doomed, Lifetime::Client).await {
            made.unwrap();
        }
        drop(doomed);
        let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
        assert_eq!(report.items.len(), 3, "{report:#?}");
        for item in report.items {
            assert_eq!((item.reason, item.outcome), (Reason::ClientDied, Outcome::Destroyed));
        }
        assert_eq!(rig.fake.bill(), [kept.id.as_str()]);
    }
}

#[tokio::test]
async fn what_another_line_has_is_not_taken_for_ones_own() {
    let rig = Rig::new().await;
    let kept = rig.fleet.create_record(&record("example.com", "www"), Lifetime::Deadline, None).await.unwrap();
    // A client that wanted the very same at the same moment, and died before it was made.
    let doomed = rig.other().await;
    let intent = Intent {
        id: IntentId::mint(),
        owner: rig.owner(),
        resource: ResourceKind::DnsRecord,
        name: "example.com/www A 192.0.2.1".to_owned(),
        provider: "fake".to_owned(),
        lifetime: Lifetime::Client,
        deadline: None,
        minted_at: jiff::Timestamp::now(),
    };
    let client = doomed.ledger().client().await.unwrap();
    doomed.ledger().insert(&Entry::sent(intent, None, client)).await.unwrap();
    drop(doomed);
    rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    let settled = (rig.count_in(State::Bound).await, rig.count_in(State::Void).await);
    assert_eq!((settled, rig.fake.bill()), ((1, 1), vec![kept.id.to_string()]));
}

#[tokio::test]
async fn the_reaper_settles_them_too() {
    let rig = Rig::new().await;
    let doomed = rig.other().await;
    let client = doomed.ledger().client().await.unwrap();
    for made in make_all(&doomed, Lifetime::Client).await {
        made.unwrap();
    }
    drop(doomed);
    assert_eq!(rig.fleet.settle(client, soon()).await.unwrap().len(), 3);
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn one_that_is_there_already_is_refused_before_anything_is_recorded() {
    let rig = Rig::new().await;
    for made in make_all(&rig.fleet, Lifetime::Deadline).await {
        made.unwrap();
    }
    let [snapshot, key, record] = make_all(&rig.fleet, Lifetime::Deadline).await;
    snapshot.unwrap();
    for twin in [key, record] {
        assert_eq!(twin.unwrap_err().kind(), ErrorKind::AlreadyExists);
    }
    assert_eq!(rig.states().await, [State::Bound; 4]);
}

#[tokio::test]
async fn no_request_is_made_for_kinds_that_the_ledger_has_nothing_of() {
    let rig = Rig::new().await;
    rig.create("web-1", Lifetime::Deadline).await.unwrap();
    rig.fleet.sweep(SweepOptions::default()).await.unwrap();
    assert_eq!(rig.fake.count("records"), 0);
}

#[tokio::test]
async fn a_record_is_known_by_its_line_while_it_is_there() {
    let rig = Rig::new().await;
    let made = rig.fleet.create_record(&record("example.com", "www"), Lifetime::Deadline, None).await.unwrap();
    let line = |domain| rig.fleet.made_record(domain, &made.id);
    let known = line("Example.com.").await.unwrap().unwrap();
    assert_eq!((known.intent.name.as_str(), known.state), ("example.com/www A 192.0.2.1", State::Bound));
    assert!(line("example.org").await.unwrap().is_none());
    rig.fleet.destroy_record("example.com", &made.id, soon()).await.unwrap();
    assert!(line("example.com").await.unwrap().is_none());
}
