//! The one way to create and destroy.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{
    AccountId, Budget, Clock, CloudProvider, Deadline, Destroyed, Effect, Error, ErrorKind, IntentId, Lifetime,
    Machine, MachineId, MachineSpec, ResourceKind, Result, Volume, VolumeId, VolumeSpec,
};
use tokio_util::task::TaskTracker;

use crate::ledger::{Entry, Ledger};
use crate::quote::Announce;
use crate::timing::Settle;
use crate::wanted::Wanted;
use crate::{ClientId, Quote, SweepItem, SweepOptions, SweepReport};

/// How long a create request may be on its way when the builder says nothing else.
const CREATE_WITHIN: Duration = Duration::from_mins(2);
/// How long a create that ended unclear is looked into before it is left to the sweep, when the builder says nothing else.
const RESOLVE_WITHIN: Duration = Duration::from_secs(30);
/// How long an unwanted machine is given to go, before it is left to the sweep.
pub(crate) const CLEAN_UP_WITHIN: Duration = Duration::from_mins(1);

/// The machines and volumes of one account, created and destroyed through a ledger.
///
/// Whatever is created was recorded first, and whatever is recorded is looked after until it is proved gone: by the call that made
/// it, by the clean-up that goes on when that call's future is dropped, and by [`sweep`](Self::sweep) in whatever process comes
/// next. Cheap to clone.
///
/// A create or destroy whose future is dropped goes on in the background, on the runtime that it was started on, so that no
/// request is torn in the middle. What a dropped create made for its client is destroyed again; what it made to stay stays.
/// [`finish`](Self::finish) waits for that; a runtime that ends sooner leaves it to the sweep.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub(crate) inner: Arc<Inner>,
    /// The machine's intent that everything is made for.
    pub(crate) made_for: Option<IntentId>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) provider: Arc<dyn CloudProvider>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) account: Option<AccountId>,
    pub(crate) create_within: Duration,
    pub(crate) resolve_within: Duration,
    pub(crate) settle: Settle,
    pub(crate) clock: Clock,
    pub(crate) budget: Budget,
    pub(crate) announce: Option<Announce>,
    pub(crate) work: TaskTracker,
}

/// Puts a [`Fleet`] together.
#[derive(Debug)]
pub struct FleetBuilder {
    provider: Arc<dyn CloudProvider>,
    ledger: Arc<dyn Ledger>,
    account: Option<AccountId>,
    create_within: Duration,
    resolve_within: Duration,
    clock: Clock,
    budget: Budget,
    announce: Option<Announce>,
    speed: u32,
}

impl FleetBuilder {
    /// Whose bill it is. Written on every line, and lines of other accounts are left alone: that a thing is not in this account
    /// says nothing of whether it is in theirs.
    #[must_use]
    pub fn account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// How long a create request may take before its outcome counts as unknown; two minutes otherwise. No absence is
    /// believed before this time is over, so it must be longer than the provider's own limit.
    #[must_use]
    pub fn create_within(mut self, limit: Duration) -> Self {
        self.create_within = limit;
        self
    }

    /// How long a create of unknown outcome is looked into before the caller is told so; half a minute otherwise.
    #[must_use]
    pub fn resolve_within(mut self, limit: Duration) -> Self {
        self.resolve_within = limit;
        self
    }

    /// What time it is where deadlines are judged; the computer's own time otherwise. Proofs of absence always use that.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What may be spent; no limits otherwise. What might cost more is refused before anything is asked of the cloud but what
    /// it costs.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Who is told what something will cost, when it is recorded and before it is made. Where nothing is known of that, or it
    /// costs nothing, nothing is told.
    #[must_use]
    pub fn announce(mut self, announce: impl Fn(&Quote) + Send + Sync + 'static) -> Self {
        self.announce = Some(Announce(Arc::new(announce)));
        self
    }

    /// How many times as fast as ours the time of the cloud goes: one otherwise, and more only for one that is simulated.
    /// Absence is believed so much sooner.
    #[must_use]
    pub fn speed(mut self, speed: u32) -> Self {
        self.speed = speed;
        self
    }

    /// The fleet.
    #[must_use]
    pub fn build(self) -> Fleet {
        let settle = Settle::of(self.provider.capabilities(), self.create_within).hastened(self.speed);
        let Self { provider, ledger, account, create_within, resolve_within, clock, budget, announce, .. } = self;
        let work = TaskTracker::new();
        Fleet {
            made_for: None,
            inner: Arc::new(Inner {
                provider,
                ledger,
                account,
                create_within,
                resolve_within,
                settle,
                clock,
                budget,
                announce,
                work,
            }),
        }
    }
}

impl Fleet {
    /// Begins with the two things that every fleet has.
    pub fn builder(provider: Arc<dyn CloudProvider>, ledger: Arc<dyn Ledger>) -> FleetBuilder {
        FleetBuilder {
            provider,
            ledger,
            account: None,
            create_within: CREATE_WITHIN,
            resolve_within: RESOLVE_WITHIN,
            clock: Clock::system(),
            budget: Budget::default(),
            announce: None,
            speed: 1,
        }
    }

    /// The provider, for everything that neither creates nor destroys.
    pub fn provider(&self) -> &Arc<dyn CloudProvider> {
        &self.inner.provider
    }

    /// Whose bill it is, where that is known.
    pub fn account(&self) -> Option<&AccountId> {
        self.inner.account.as_ref()
    }

    /// The ledger.
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.inner.ledger
    }

    /// Records the wish, creates the machine once, and binds the two.
    ///
    /// An unclear outcome is looked into: a machine that turns out to be there is the answer, and one that is proved not to be
    /// there is an error without effect. Where `spec` names several regions they are tried in their order, each by a wish of its own,
    /// for as long as the one before had no room and made nothing. `deadline` is when the machine must be gone at the latest; it is written on it.
    ///
    /// # Errors
    /// [`ErrorKind::Budget`] where it may cost more than the budget leaves; else what the provider says. With
    /// [`Effect::Unknown`] the machine may exist, and the sweep will settle it. With
    /// [`Effect::Applied`] it exists and was made to stay, although something about it failed.
    pub async fn create(&self, spec: &MachineSpec, lifetime: Lifetime, deadline: Option<Timestamp>) -> Result<Machine> {
        self.inner
            .create(Wanted::Machine(Box::new(spec.clone())), lifetime, deadline, self.made_for)
            .await?
            .into_machine()
    }

    /// Destroys a machine: recorded first, repeated until it is proved gone, by its own answer and by a complete list. One that the
    /// ledger does not know is recorded too. A machine that is not there is [`Destroyed::AlreadyGone`].
    ///
    /// # Errors
    /// [`ErrorKind::NotDestroyed`] when it is not proved gone by `deadline`, or the provider refuses for good. The ledger keeps it,
    /// and every later sweep tries again.
    pub async fn destroy(&self, id: &MachineId, deadline: Deadline) -> Result<Destroyed> {
        self.inner.destroy(ResourceKind::Machine, id.as_str().to_owned(), deadline).await
    }

    /// Creates a volume, as [`create`](Self::create) creates a machine.
    ///
    /// # Errors
    /// As there; [`ErrorKind::Unsupported`] where the provider has no volumes.
    pub async fn create_volume(
        &self,
        spec: &VolumeSpec,
        lifetime: Lifetime,
        deadline: Option<Timestamp>,
    ) -> Result<Volume> {
        self.inner.create(Wanted::Volume(spec.clone()), lifetime, deadline, self.made_for).await?.into_volume()
    }

    /// Destroys a volume and what is on it, as [`destroy`](Self::destroy) destroys a machine.
    ///
    /// # Errors
    /// As there; [`ErrorKind::Conflict`] while a machine has it, and then nothing is recorded: a volume that is detached later is not
    /// destroyed behind anybody's back.
    pub async fn destroy_volume(&self, id: &VolumeId, deadline: Deadline) -> Result<Destroyed> {
        self.inner.destroy(ResourceKind::Volume, id.as_str().to_owned(), deadline).await
    }

    /// Compares what the cloud has with what the ledger says, and settles the difference.
    ///
    /// The cloud is listed before the ledger is read, so that what is made meanwhile is never taken for an orphan. Incomplete lists
    /// prove nothing. What a living client looks after is left alone until its deadline, and what carries another owner's
    /// marker, or none, is never touched.
    ///
    /// # Errors
    /// When the machines cannot be listed or the ledger cannot be read. A single thing that cannot be settled is no error of
    /// the sweep; the report names it.
    pub async fn sweep(&self, options: SweepOptions) -> Result<SweepReport> {
        let inner = Arc::clone(&self.inner);
        self.inner.detach(async move { inner.sweep(options).await }).await
    }

    /// Settles the open intents of a client that has died, without looking at anything else. Tries until `deadline`.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when that client lives, and whatever the ledger says. What cannot be settled is in the answer.
    pub async fn settle(&self, client: ClientId, deadline: Deadline) -> Result<Vec<SweepItem>> {
        let inner = Arc::clone(&self.inner);
        self.inner.detach(async move { inner.settle(client, deadline).await }).await
    }

    /// Our open lines of this provider: sent, uncertain or destroying, or bound for only as long as their client lives.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn open_intents(&self) -> Result<Vec<Entry>> {
        let mut open = self.inner.ledger.open_entries().await?;
        open.retain(|entry| self.inner.concerns(entry));
        Ok(open)
    }

    /// Whether there are open lines that nobody looks after, so that a sweep is due.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn needs_sweep(&self) -> Result<bool> {
        let open = self.open_intents().await?;
        let alive = self.inner.living(&open).await?;
        Ok(open.iter().any(|entry| !entry.client.is_some_and(|client| alive.contains(&client))))
    }

    /// Waits until everything that goes on in the background is done. False when `deadline` comes first; the sweep does the rest.
    pub async fn finish(&self, deadline: Deadline) -> bool {
        self.inner.work.close();
        let done = tokio::time::timeout(deadline.remaining(), self.inner.work.wait()).await.is_ok();
        self.inner.work.reopen();
        done
    }
}

impl Inner {
    /// Whether a line is one of ours for this provider, whatever account it is for.
    pub(crate) fn is_ours(&self, entry: &Entry) -> bool {
        entry.intent.provider == self.provider.info().kind && entry.intent.owner == *self.ledger.owner()
    }

    /// Whether a line is about this provider's account. One that says no account was written when nobody knew it.
    pub(crate) fn concerns(&self, entry: &Entry) -> bool {
        let account = entry.account.is_none() || entry.account == self.account;
        self.is_ours(entry) && account
    }

    /// Runs `work` to its end even when the caller stops waiting for it.
    pub(crate) async fn detach<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        match self.work.spawn(work).await {
            Ok(outcome) => outcome,
            Err(error) => Err(Error::new(ErrorKind::Cancelled, "the program ended in the middle of the operation")
                .with_effect(Effect::Unknown)
                .with_hint("`machine gc` settles what is left")
                .with_source(error)),
        }
    }

    /// Names the operation and the provider in an error.
    pub(crate) fn named(&self, operation: &'static str) -> impl Fn(Error) -> Error {
        let provider = self.provider.info().kind;
        move |error| error.with_operation(operation).with_provider(provider)
    }
}
