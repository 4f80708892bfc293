//! Ledgers of older versions.

use crate::rig::*;
use sqlx::{ConnectOptions as _, Connection as _};
use std::process::Stdio;

/// A state directory with a ledger as version 1 left it, and one machine in it.
async fn old() -> (tempfile::TempDir, StateDir) {
    let outer = tempfile::tempdir().unwrap();
    let dir = StateDir::open(outer.path().join("state")).unwrap();
    let owner = dir.owner().await.unwrap();
    let path = dir.path().join("ledger.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    let text = include_str!("ledger-v1.sql").replace("OWNER", owner.as_str());
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    (outer, dir)
}

#[tokio::test]
async fn an_older_ledger_is_brought_up_to_date_with_all_that_it_knows() {
    let (_outer, dir) = old().await;
    let fleet = fleet(&Fake::new(), &dir).await;
    let entries = fleet.ledger().entries("fake").await.unwrap();
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.intent.name.as_str(), entry.state, entry.rate), ("old-1", State::Bound, None));
    assert_eq!(entry.resource_id.as_deref(), Some("m-7"));
    fleet.create(&spec("new-1"), Lifetime::Deadline, None).await.unwrap();
    assert_eq!(fleet.ledger().books().await.unwrap().entries.len(), 2);
}

#[tokio::test]
async fn of_many_processes_one_brings_it_up_to_date() {
    let (_outer, dir) = old().await;
    let open = || {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::the_other_process", "--nocapture", "--test-threads=1"])
            .env("FLEET_TEST_STATE", dir.path())
            .env("FLEET_TEST_PART", "open")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..6).map(|_| open()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(SqliteLedger::open(&dir).await.unwrap().all_entries().await.unwrap().len(), 1);
}
