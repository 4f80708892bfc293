//! What most tests begin with.

pub(crate) use std::sync::Arc;
pub(crate) use std::time::Duration;

pub(crate) use crate::fake::Fake;
pub(crate) use machine_core::{Deadline, Lifetime, Machine, MachineSpec, OwnerId, Result};
pub(crate) use machine_fleet::{Entry, Fleet, Ledger, SqliteLedger, State, StateDir};

/// How long a create may take of one that is sooner done with waiting.
pub(crate) const QUICK_CREATE: Duration = Duration::from_millis(100);

/// A fake cloud, and a fleet on it with a ledger of its own.
pub(crate) struct Rig {
    pub(crate) fake: Arc<Fake>,
    pub(crate) fleet: Fleet,
    pub(crate) dir: StateDir,
    _outer: tempfile::TempDir,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::on(Fake::new()).await
    }

    pub(crate) async fn on(fake: Arc<Fake>) -> Self {
        let outer = tempfile::tempdir().unwrap();
        let dir = StateDir::open(outer.path().join("state")).unwrap();
        let fleet = fleet(&fake, &dir).await;
        Self { fake, fleet, dir, _outer: outer }
    }

    /// Another process on the same ledger and cloud, as far as the ledger can tell.
    pub(crate) async fn other(&self) -> Fleet {
        fleet(&self.fake, &self.dir).await
    }

    /// Another process that is sooner done with waiting, for tests with many steps.
    pub(crate) async fn quick(&self) -> Fleet {
        let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&self.dir).await.unwrap());
        Fleet::builder(Arc::clone(&self.fake) as _, ledger)
            .create_within(QUICK_CREATE)
            .resolve_within(Duration::from_millis(200))
            .build()
    }

    pub(crate) fn owner(&self) -> OwnerId {
        self.fleet.ledger().owner().clone()
    }

    pub(crate) async fn create(&self, name: &str, lifetime: Lifetime) -> Result<Machine> {
        self.fleet.create(&spec(name), lifetime, None).await
    }

    pub(crate) async fn entries(&self) -> Vec<Entry> {
        self.fleet.ledger().entries("fake").await.unwrap()
    }

    /// The one line that there is.
    pub(crate) async fn entry(&self) -> Entry {
        let mut entries = self.entries().await;
        assert_eq!(entries.len(), 1, "{entries:#?}");
        entries.remove(0)
    }

    /// How many lines are in this state; those of one millisecond have no order.
    pub(crate) async fn count_in(&self, state: State) -> usize {
        self.entries().await.iter().filter(|entry| entry.state == state).count()
    }

    pub(crate) async fn states(&self) -> Vec<State> {
        self.entries().await.iter().map(|entry| entry.state).collect()
    }
}

pub(crate) async fn fleet(fake: &Arc<Fake>, dir: &StateDir) -> Fleet {
    let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(dir).await.unwrap());
    Fleet::builder(Arc::clone(fake) as _, ledger)
        .create_within(Duration::from_millis(200))
        .resolve_within(Duration::from_millis(400))
        .build()
}

pub(crate) fn spec(name: &str) -> MachineSpec {
    MachineSpec::new(name.parse().unwrap())
}

pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(5))
}

/// Enough for a few attempts, and no more.
pub(crate) fn brief() -> Deadline {
    Deadline::after(Duration::from_millis(150))
}
