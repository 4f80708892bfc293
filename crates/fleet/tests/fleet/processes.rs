//! Real processes on one ledger: this test program starts itself again as one of them.

use crate::fake::CreateFault;
use crate::rig::*;
use machine_core::{Budget, Markers, Money};
use machine_fleet::{Event, Outcome, Reason, SweepOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Names the state directory to the process that is started again.
const STATE: &str = "FLEET_TEST_STATE";
/// Tells it what to do.
const PART: &str = "FLEET_TEST_PART";

/// Another process, which does not outlive the test that it belongs to, whether that passes or fails.
struct Other(Child);

impl Drop for Other {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Other {
    fn kill(&mut self) {
        // One that has ended by itself cannot be killed, and need not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Waits for its end; answers with whether it went well, and what it said.
    fn end(mut self) -> (bool, String) {
        let mut said = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        (self.0.wait().unwrap().success(), said)
    }
}

/// Starts this program again to play `part` on `dir`.
fn play(part: &str, dir: &Path) -> Other {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::the_other_process", "--nocapture", "--test-threads=1"])
        .env(STATE, dir)
        .env(PART, part)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    Other(child)
}

/// Waits until it says so.
fn wait_for(child: &mut Other, word: &str) {
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains(word)), "it ended without {word:?}");
}

/// What the other process does. As a test of its own it does nothing.
#[test]
fn the_other_process() {
    let (Some(state), Ok(part)) = (std::env::var_os(STATE), std::env::var(PART)) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = StateDir::open(state).unwrap();
        let fake = if part == "spend" { Fake::priced(Some(Money::from_micros(1_000_000))) } else { Fake::new() };
        let ledger = SqliteLedger::open(&dir).await.unwrap();
        let budget = Budget { per_day: Some(Money::from_micros(72_000_000)), ..Budget::default() };
        let fleet = Fleet::builder(Arc::clone(&fake) as _, Arc::new(ledger)).budget(budget).build();
        match part.as_str() {
            "create and be killed" => {
                fake.fail_create(CreateFault::Gate);
                let wanted = spec("doomed");
                let creating = fleet.create(&wanted, Lifetime::Client, None);
                let arrived = async { fake.arrived.acquire().await.unwrap().forget() };
                tokio::select! { _ = creating => {}, () = arrived => {} }
                println!("sent");
                std::future::pending::<()>().await;
            }
            "hold and be killed" => {
                fleet.create(&spec("doomed"), Lifetime::Client, None).await.unwrap();
                println!("bound");
                std::future::pending::<()>().await;
            }
            "race" => race(&fleet).await,
            "open" => {}
            "spend" => {
                let mut won = 0;
                for n in 0..4 {
                    won +=
                        usize::from(fleet.create(&spec(&format!("web-{n}")), Lifetime::Deadline, None).await.is_ok());
                }
                println!("won {won}");
            }
            "record many" => {
                for n in 0..40 {
                    fleet.create(&spec(&format!("web-{n}")), Lifetime::Deadline, None).await.unwrap();
                }
            }
            other => panic!("{other}"),
        }
    });
}

/// Tries to be the one who gives up each open intent, by an event that only one of many can apply.
async fn race(fleet: &Fleet) {
    let mut won = 0;
    let client = fleet.ledger().client().await.unwrap();
    for entry in fleet.open_intents().await.unwrap() {
        let id = format!("m-{client}");
        won += usize::from(fleet.ledger().apply(entry.intent.id, &Event::Bound(id)).await.is_ok());
    }
    println!("won {won}");
}

#[tokio::test]
async fn killed_between_record_and_answer_is_settled_by_the_next_process() {
    for made in [false, true] {
        let rig = Rig::new().await;
        let mut child = play("create and be killed", rig.dir.path());
        wait_for(&mut child, "sent");
        let sent = rig.entry().await;
        assert_eq!(sent.state, State::Sent);
        let markers: Markers = sent.intent.markers();
        assert_eq!(markers.owner, rig.owner(), "one directory, one owner");
        if made {
            rig.fake.put("doomed", Some(markers));
        }
        assert!(rig.fleet.sweep(SweepOptions::default()).await.unwrap().items.is_empty(), "its client lives");
        assert_eq!(rig.fake.bill().len(), usize::from(made));

        child.kill();
        assert!(rig.fleet.needs_sweep().await.unwrap());
        let report = rig.fleet.sweep(SweepOptions::default()).await.unwrap();
        let expected = if made { Outcome::Destroyed } else { Outcome::NeverMade };
        assert_eq!(report.items.len(), 1);
        assert_eq!((report.items[0].reason, &report.items[0].outcome), (Reason::Unsettled, &expected));
        assert!(rig.fake.bill().is_empty());
        assert!(rig.fleet.open_intents().await.unwrap().is_empty());
        let left: Vec<_> = std::fs::read_dir(rig.dir.path().join("clients")).unwrap().collect();
        assert!(left.len() <= 1, "the dead client's lock is still there: {left:?}");
    }
}

#[tokio::test]
async fn killed_while_it_waits_loses_its_machine() {
    let rig = Rig::new().await;
    let mut child = play("hold and be killed", rig.dir.path());
    wait_for(&mut child, "bound");
    let bound = rig.entry().await;
    // The machine of the other process's cloud, in ours. It has the same id.
    let id = rig.fake.put("doomed", Some(bound.intent.markers()));
    assert_eq!(bound.resource_id.as_deref(), Some(id.as_str()));
    let client = bound.client.unwrap();
    rig.fleet.settle(client, soon()).await.unwrap_err();
    child.kill();
    let items = rig.fleet.settle(client, soon()).await.unwrap();
    assert_eq!((items[0].reason, &items[0].outcome), (Reason::ClientDied, &Outcome::Destroyed));
    assert!(rig.fake.bill().is_empty());
}

#[tokio::test]
async fn of_two_processes_one_settles_each_intent() {
    let rig = Rig::new().await;
    let ids = {
        let ledger = rig.fleet.ledger();
        let mut ids = Vec::new();
        for n in 0..60 {
            let draft = machine_core::IntentDraft {
                resource: machine_core::ResourceKind::Machine,
                name: format!("web-{n}"),
                provider: "fake".to_owned(),
                lifetime: Lifetime::Client,
                deadline: None,
            };
            ids.push(machine_core::RecordedIntent::record(&**ledger, draft).await.unwrap().intent().id);
        }
        ids
    };
    let won = all_won(["race"; 3].map(|part| play(part, rig.dir.path())));
    assert_eq!(won, ids.len(), "each was bound by one process and by one only");
    for id in ids {
        let entry = rig.fleet.ledger().get(id).await.unwrap().unwrap();
        assert_eq!((entry.state, entry.revision), (State::Bound, 1));
    }
}

/// What they say that they have won, together.
fn all_won(children: impl IntoIterator<Item = Other>) -> usize {
    let won = |child: Other| {
        let (well, text) = child.end();
        assert!(well, "{text}");
        let line = text.lines().find_map(|line| line.split_once("won ")).unwrap_or_else(|| panic!("{text}"));
        line.1.trim().parse::<usize>().unwrap()
    };
    children.into_iter().map(won).sum()
}

#[tokio::test]
async fn many_processes_never_spend_the_same_money() {
    let rig = Rig::new().await;
    // A machine without an end holds 24 dollars a day, and there are 72.
    assert_eq!(all_won(["spend"; 4].map(|part| play(part, rig.dir.path()))), 3);
    assert_eq!(rig.entries().await.len(), 3);
}

#[tokio::test]
async fn many_processes_write_at_once_and_nothing_is_lost() {
    let rig = Rig::new().await;
    let children: Vec<_> = (0..4).map(|_| play("record many", rig.dir.path())).collect();
    for child in children {
        assert!(child.end().0);
    }
    let states = rig.states().await;
    assert_eq!(states.len(), 160);
    assert!(states.iter().all(|state| *state == State::Bound));
}
