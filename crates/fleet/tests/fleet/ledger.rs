//! The ledger's file.

use crate::rig::*;
use jiff::Timestamp;
use machine_core::{AccountId, ErrorKind, Intent, IntentDraft, IntentId, Money, RecordedIntent, ResourceKind};
use machine_fleet::{Event, Rate, SweepOptions};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn draft(resource: ResourceKind, lifetime: Lifetime) -> IntentDraft {
    IntentDraft { resource, name: "web-1".to_owned(), provider: "fake".to_owned(), lifetime, deadline: None }
}

async fn open(dir: &StateDir) -> SqliteLedger {
    SqliteLedger::open(dir).await.unwrap()
}

fn state() -> (tempfile::TempDir, StateDir) {
    let outer = tempfile::tempdir().unwrap();
    let dir = StateDir::open(outer.path().join("state")).unwrap();
    (outer, dir)
}

/// A copy of the ledger as another process would find it: this one keeps its connection, by inode.
fn copied(dir: &StateDir) -> (tempfile::TempDir, StateDir) {
    let (outer, copy) = state();
    for name in ["owner", "ledger.db", "ledger.db-wal"] {
        if dir.path().join(name).exists() {
            fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
        }
    }
    (outer, copy)
}

#[tokio::test]
async fn every_kind_of_line_reads_back_as_it_was_written() {
    let (_outer, dir) = state();
    let ledger = open(&dir).await;
    let client = ledger.client().await.unwrap();
    let at = |ms: i64| Timestamp::from_millisecond(1_700_000_000_000 + ms).unwrap();
    for resource in [
        ResourceKind::Machine,
        ResourceKind::Volume,
        ResourceKind::Snapshot,
        ResourceKind::SshKey,
        ResourceKind::DnsRecord,
        ResourceKind::Address,
    ] {
        for lifetime in [Lifetime::Client, Lifetime::Deadline] {
            let intent = Intent {
                id: IntentId::mint(),
                owner: OwnerId::new("o"),
                resource,
                name: "näme \"quoted\"\n'; DROP TABLE intents".to_owned(),
                provider: "fake".to_owned(),
                lifetime,
                deadline: Some(at(5)),
                minted_at: at(1),
            };
            let mut entry = Entry::sent(intent, Some(AccountId::new("a")), client);
            entry.missing_since = Some(at(9));
            entry.last_error = Some("why".to_owned());
            let monthly_cap = (lifetime == Lifetime::Client).then_some(Money::from_micros(6_000_000));
            entry.rate = Some(Rate { hourly: Money::from_micros(8_930), monthly_cap, step: 3_600, minimum: 60 });
            ledger.insert(&entry).await.unwrap();
            assert_eq!(ledger.get(entry.intent.id).await.unwrap().unwrap(), entry);
        }
    }
    assert_eq!(ledger.entries("fake").await.unwrap().len(), 12);
    assert!(ledger.entries("other").await.unwrap().is_empty());
}

#[tokio::test]
async fn its_files_are_private() {
    let (_outer, dir) = state();
    let ledger = open(&dir).await;
    RecordedIntent::record(&ledger, draft(ResourceKind::Machine, Lifetime::Client)).await.unwrap();
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path()).collect();
    for path in names.iter().filter(|path| path.is_file()) {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    assert!(!names.iter().any(|path| path.to_string_lossy().contains(".new")), "{names:?}");
}

#[tokio::test]
async fn one_line_is_written_once() {
    let (_outer, dir) = state();
    let ledger = open(&dir).await;
    let recorded = RecordedIntent::record(&ledger, draft(ResourceKind::Machine, Lifetime::Client)).await.unwrap();
    let id = recorded.intent().id;
    let entry = ledger.get(id).await.unwrap().unwrap();
    assert_eq!(ledger.insert(&entry).await.unwrap_err().kind(), ErrorKind::Conflict);
    let error = ledger.apply(IntentId::mint(), &Event::Gone).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = ledger.apply(id, &Event::Gone).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(ledger.get(id).await.unwrap().unwrap(), entry);
}

#[tokio::test]
async fn tombstones_are_forgotten_when_they_are_old_and_nothing_else_is() {
    let (_outer, dir) = state();
    let ledger = open(&dir).await;
    let record = async || {
        RecordedIntent::record(&ledger, draft(ResourceKind::Machine, Lifetime::Client)).await.unwrap().intent().id
    };
    let (void, sent) = (record().await, record().await);
    ledger.apply(void, &Event::Refused("quota".to_owned())).await.unwrap();
    assert_eq!(ledger.prune(Timestamp::now() - Duration::from_mins(1)).await.unwrap(), 0);
    assert_eq!(ledger.prune(Timestamp::now() + Duration::from_mins(1)).await.unwrap(), 1);
    assert!(ledger.get(void).await.unwrap().is_none());
    assert!(ledger.get(sent).await.unwrap().is_some());
}

#[tokio::test]
async fn a_copied_directory_leaves_the_originals_machines_alone() {
    let rig = Rig::new().await;
    rig.create("web-1", Lifetime::Client).await.unwrap();
    let (_outer, copy) = copied(&rig.dir);
    let copied = fleet(&rig.fake, &copy).await;
    assert_ne!(*copied.ledger().owner(), rig.owner());
    assert_eq!(copied.ledger().entries("fake").await.unwrap().len(), 1, "the lines were copied");
    assert!(copied.open_intents().await.unwrap().is_empty(), "and are not the copy's");
    let report = copied.sweep(SweepOptions::default()).await.unwrap();
    assert!(report.items.is_empty(), "{report:#?}");
    assert_eq!((report.foreign, rig.fake.bill().len()), (1, 1));
}

#[tokio::test]
async fn a_damaged_ledger_is_refused_by_name_and_left_as_it_is() {
    type Damage = fn(&mut Vec<u8>);
    let (_outer, dir) = state();
    let ledger = open(&dir).await;
    for _ in 0..50 {
        RecordedIntent::record(&ledger, draft(ResourceKind::Machine, Lifetime::Client)).await.unwrap();
    }
    let cases: [(&str, Damage, &str); 5] = [
        ("garbage", |bytes| bytes.fill(0x5a), "damaged"),
        ("header", |bytes| bytes[..16].fill(0), "damaged"),
        ("empty", |bytes| bytes.clear(), "damaged"),
        ("foreign", |bytes| bytes[68..72].fill(0), "damaged"),
        ("newer", |bytes| bytes[60..64].copy_from_slice(&9u32.to_be_bytes()), "newer version"),
    ];
    for (name, damage, says) in cases {
        let (_outer, copy) = copied(&dir);
        // The log would heal what it has a newer copy of, which is as it should be.
        fs::remove_file(copy.path().join("ledger.db-wal")).unwrap();
        let path = copy.path().join("ledger.db");
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let error = SqliteLedger::open(&copy).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ledger, "{name}: {error:?}");
        let text = error.to_string();
        assert!(text.contains(says) && text.contains(&path.display().to_string()), "{name}: {text}");
        assert!(error.hint().is_some(), "{name}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}: it was changed");
    }
}

#[tokio::test]
async fn a_page_that_is_damaged_inside_is_found_when_it_is_read() {
    let (_outer, dir) = state();
    let ledger = open(&dir).await;
    for _ in 0..60 {
        RecordedIntent::record(&ledger, draft(ResourceKind::Machine, Lifetime::Client)).await.unwrap();
    }
    let (_copy_outer, copy) = copied(&dir);
    // Have everything copied out of the log.
    let copied = open(&copy).await;
    for _ in 0..60 {
        RecordedIntent::record(&copied, draft(ResourceKind::Machine, Lifetime::Client)).await.unwrap();
    }
    let (_third_outer, third) = state();
    let mut bytes = fs::read(copy.path().join("ledger.db")).unwrap();
    assert!(bytes.len() > 4 * 4096, "nothing was copied out of the log");
    bytes[4096..].iter_mut().for_each(|byte| *byte = 0x5a);
    fs::write(third.path().join("ledger.db"), &bytes).unwrap();
    let failed = match SqliteLedger::open(&third).await {
        Ok(ledger) => ledger.entries("fake").await.unwrap_err(),
        Err(error) => error,
    };
    assert!(failed.to_string().contains("damaged"), "{failed:?}");
}

#[tokio::test]
async fn a_ledger_that_is_missing_beside_its_log_is_not_made_anew() {
    let (_outer, dir) = state();
    let ledger = open(&dir).await;
    RecordedIntent::record(&ledger, draft(ResourceKind::Machine, Lifetime::Client)).await.unwrap();
    let (_copy_outer, copy) = copied(&dir);
    fs::remove_file(copy.path().join("ledger.db")).unwrap();
    let error = SqliteLedger::open(&copy).await.unwrap_err();
    assert!(error.to_string().contains("ledger.db-wal"), "{error}");
    assert!(!copy.path().join("ledger.db").exists());
}

#[tokio::test]
async fn a_ledger_whose_making_was_cut_short_is_made_again() {
    let (_outer, dir) = state();
    fs::write(dir.path().join("ledger.db.new"), "half").unwrap();
    fs::write(dir.path().join("ledger.db.new-wal"), "half").unwrap();
    open(&dir).await;
    assert!(!dir.path().join("ledger.db.new").exists());
}

#[tokio::test]
async fn many_at_once_make_one_ledger() {
    let (_outer, dir) = state();
    let opening = (0..8).map(|_| {
        let dir = dir.clone();
        tokio::spawn(async move {
            let ledger = open(&dir).await;
            RecordedIntent::record(&ledger, draft(ResourceKind::Machine, Lifetime::Deadline)).await.unwrap();
        })
    });
    for opened in opening.collect::<Vec<_>>() {
        opened.await.unwrap();
    }
    assert_eq!(open(&dir).await.entries("fake").await.unwrap().len(), 8);
}
