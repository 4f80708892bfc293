//! What a case works with: a client, an owner of its own, and a note of everything it made.

mod making;
mod put_away;
mod running;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use machine_core::{
    CloudProvider, Completeness, Deadline, Goal, IntentId, Layers, Machine, MachineId, MachineName, Markers, OwnerId,
    ProviderExt as _, Result, Selector, SnapshotId, SshKeyId, Until, VolatileIntents, VolumeId,
};

use crate::outcome::{Outcome, Stop};
use crate::{Cloud, Subject};

pub(crate) use making::{ensure_no_list, ensure_unknown};

/// What the owner of everything that any run of the suite makes begins with.
pub(crate) const OWNER: &str = "conformance-";

/// What it begins with in this run.
pub(crate) fn owner_of_this_run() -> &'static str {
    static OWN: OnceLock<String> = OnceLock::new();
    OWN.get_or_init(|| {
        let word = IntentId::mint().to_string();
        // The first half of an id is the time. What is left is random.
        format!("{OWNER}{}-", &word[word.len() - 8..])
    })
}

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// What a case works with.
pub(crate) struct Bench {
    /// What is tested.
    pub(crate) subject: Arc<dyn Subject>,
    /// A client of it, with all layers, as callers have it.
    pub(crate) provider: Arc<dyn CloudProvider>,
    intents: VolatileIntents,
    names: AtomicU32,
    made: Mutex<Made>,
}

/// What has to be put away.
#[derive(Default)]
struct Made {
    /// Wishes for machines whose outcome nobody told.
    unclear: Vec<IntentId>,
    machines: Vec<MachineId>,
    volumes: Vec<VolumeId>,
    snapshots: Vec<SnapshotId>,
    keys: Vec<SshKeyId>,
    records: Vec<(String, machine_core::RecordId)>,
}

impl Bench {
    /// A bench for one case.
    ///
    /// # Errors
    /// When the subject cannot be opened.
    pub(crate) fn new(subject: Arc<dyn Subject>) -> Result<Self> {
        // An intent's id is as good a random word as any.
        let owner = OwnerId::new(format!("{}{}", owner_of_this_run(), IntentId::mint()));
        let provider = Layers::default().around(subject.open()?);
        Ok(Self {
            subject,
            provider,
            intents: VolatileIntents::new(owner),
            names: AtomicU32::new(0),
            made: Mutex::default(),
        })
    }

    /// A second client of the same account.
    pub(crate) fn another(&self) -> Result<Arc<dyn CloudProvider>> {
        Ok(Layers::default().around(self.subject.open()?))
    }

    /// The size of a volume: so many times the smallest.
    pub(crate) fn gib(&self, times: u64) -> u64 {
        times * self.provider.capabilities().limits.smallest_volume_gib.max(1)
    }

    /// The other side.
    pub(crate) fn cloud(&self) -> Outcome<&dyn Cloud> {
        self.subject.cloud().ok_or_else(|| Stop::Missing("nothing plays the cloud".to_owned()))
    }

    /// Markers of another owner of this run, to whom a machine can be given.
    pub(crate) fn others_markers(&self) -> Markers {
        let owner = OwnerId::new(format!("{}{}", owner_of_this_run(), IntentId::mint()));
        Markers { owner, intent: IntentId::mint(), deadline: None }
    }

    /// Who makes what this case makes.
    pub(crate) fn owner(&self) -> OwnerId {
        use machine_core::IntentStore as _;
        self.intents.owner().clone()
    }

    /// A name that nothing has.
    pub(crate) fn name(&self) -> MachineName {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let word = IntentId::mint().to_string();
        // The first half of an id is the time. What is left is random, and short enough for any limit.
        let name = format!("conf-{}-{number}", &word[word.len() - 12..]);
        // It keeps every rule that names have, so the other arm is never taken.
        name.parse().unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// What is waited for, for as long as the subject has patience.
    pub(crate) fn until(&self, goal: Goal) -> Until {
        Until { goal, deadline: Deadline::after(self.subject.patience()) }
    }

    /// The machines that `which` selects, as soon as `wanted` holds for them; the last look where it never does. Looks again
    /// only for as long as the provider says that lists may lag.
    pub(crate) async fn list(&self, which: &Selector, wanted: impl Fn(&[Machine]) -> bool) -> Outcome<Vec<Machine>> {
        let lag = Deadline::after(self.provider.capabilities().list_lag);
        loop {
            let (machines, completeness, problems) = self.provider.list_all(which.clone()).await?;
            if completeness != Completeness::Complete {
                return Err(Stop::Broken(format!("the list is {completeness:?}: {problems:?}")));
            }
            if wanted(&machines) || lag.passed() {
                return Ok(machines);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A selection of this case's own machines.
    pub(crate) fn own(&self) -> Selector {
        let mut which = Selector::all();
        which.scope = machine_core::Scope::Owner(self.owner());
        which
    }

    /// Waits until `what` is so.
    pub(crate) async fn eventually<F>(&self, sentence: &str, what: impl FnMut() -> F) -> Outcome
    where
        F: Future<Output = Outcome<bool>>,
    {
        self.within(self.subject.patience(), sentence, what).await
    }

    /// The same, for what may only be as late as a machine in a list: at once, where the provider has no such lag.
    pub(crate) async fn within_lag<F>(&self, sentence: &str, what: impl FnMut() -> F) -> Outcome
    where
        F: Future<Output = Outcome<bool>>,
    {
        self.within(self.provider.capabilities().list_lag, sentence, what).await
    }

    async fn within<F>(&self, limit: Duration, sentence: &str, mut what: impl FnMut() -> F) -> Outcome
    where
        F: Future<Output = Outcome<bool>>,
    {
        let deadline = Deadline::after(limit);
        while !what().await? {
            if deadline.passed() {
                return Err(Stop::Broken(format!("{sentence}: not so after {limit:?}")));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    fn note(&self, add: impl FnOnce(&mut Made)) {
        add(&mut self.made.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Has machines put away that this case did not create itself.
    pub(crate) fn adopt(&self, machines: &[MachineId]) {
        self.note(|made| made.machines.extend_from_slice(machines));
    }
}
