//! Watching a batch: each job is kept as any other, what came of it is printed, and a person sees how far it is.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use machine_agent::{BatchResult, BatchWatcher, JobEvent};
use machine_core::{Clock, Error, ErrorKind, Machine, ResourceKind, Result};
use tokio::time::Instant;

use super::{ItemResult, Kept, Planned, Planner};
use crate::failure::Failure;
use crate::jobs::{Facts, Recorder, Store};
use crate::printer::Printer;
use crate::progress::Progress;

/// Watches a batch.
pub(crate) struct Watcher<'a> {
    planner: &'a Planner,
    planned: &'a [Planned],
    jobs: &'a Store,
    kept: &'a Kept,
    printer: &'a Printer,
    progress: &'a Progress<'a>,
    clock: &'a Clock,
    slots: Vec<Mutex<Option<Slot>>>,
    results: Mutex<Vec<ItemResult>>,
    failure: Mutex<Option<Failure>>,
}

/// A job that is under way.
struct Slot {
    recorder: Recorder,
    since: Instant,
}

impl<'a> Watcher<'a> {
    /// Watches those jobs.
    pub(crate) fn new(
        planner: &'a Planner,
        planned: &'a [Planned],
        jobs: &'a Store,
        kept: &'a Kept,
        progress: &'a Progress<'a>,
        (printer, clock): (&'a Printer, &'a Clock),
    ) -> Self {
        let slots = planned.iter().map(|_| Mutex::default()).collect();
        let (results, failure) = (Mutex::default(), Mutex::default());
        Self { planner, planned, jobs, kept, printer, progress, clock, slots, results, failure }
    }

    /// What came of the jobs, in the order in which they ended; and what kept that from being told.
    pub(crate) fn end(self) -> (Vec<ItemResult>, Option<Failure>) {
        let inner = |poisoned: PoisonError<_>| poisoned.into_inner();
        let failure = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.results.into_inner().unwrap_or_else(inner), failure)
    }

    /// Does something with what is kept of a job.
    fn with<T>(&self, index: usize, change: impl FnOnce(&mut Recorder) -> Result<T>) -> Result<Option<T>> {
        let mut slot = self.slots[index].lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_mut().map(|slot| change(&mut slot.recorder)).transpose()
    }

    /// What the ledger knows of the end of its machine is kept with it.
    async fn settle(&self, index: usize, recorder: &mut Recorder) -> Result<()> {
        let Facts { provider: Some(kind), machine: Some(id), .. } = recorder.facts() else { return Ok(()) };
        let mut apps = self.planned[index].accounts.iter().filter_map(|name| self.planner.app(name));
        let Some(app) = apps.find(|app| app.provider().info().kind == kind) else { return Ok(()) };
        match app.fleet().await?.ledger().find(kind, ResourceKind::Machine, id).await? {
            Some(entry) => recorder.settle(&entry),
            None => Ok(()),
        }
    }

    async fn conclude(&self, index: usize, result: &BatchResult, slot: Option<Slot>) -> Result<(), Failure> {
        let Planned { index: place, name, tag, .. } = &self.planned[index];
        let mut told = None;
        if let Some(Slot { mut recorder, since }) = slot {
            if let BatchResult::Failed(error) = result {
                recorder.fail(&error.to_string(), Failure::error_code(error))?;
            }
            self.settle(index, &mut recorder).await?;
            let fresh = ItemResult::new(*place, name, tag.as_deref(), result, Some(recorder.facts()));
            let seconds = (since.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
            told = Some(ItemResult { seconds: Some(seconds), ..fresh });
        }
        let told = told.unwrap_or_else(|| ItemResult::new(*place, name, tag.as_deref(), result, None));
        let line = self.kept.note(&told)?;
        self.results.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        self.printer.line(line)
    }
}

#[async_trait]
impl BatchWatcher for Watcher<'_> {
    async fn beginning(&self, index: usize) -> Result<()> {
        if self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Err(Error::new(ErrorKind::Cancelled, "what came of the jobs before cannot be told any more"));
        }
        let Planned { name, accounts, spec, .. } = &self.planned[index];
        let account = accounts.first().map(String::as_str).unwrap_or_default();
        let recorder = Recorder::new(self.clock, self.jobs.begin(Facts::new(account, spec, self.clock))?);
        let slot = Slot { recorder, since: Instant::now() };
        *self.slots[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(slot);
        self.progress.set(name, "creating");
        Ok(())
    }

    async fn started(&self, index: usize, machine: &Machine) -> Result<()> {
        self.progress.set(&self.planned[index].name, "running");
        self.with(index, |recorder| recorder.start(machine)).map(drop)
    }

    async fn event(&self, index: usize, event: JobEvent) -> Result<()> {
        if matches!(event, JobEvent::Ended(_)) {
            self.progress.set(&self.planned[index].name, "ending");
        }
        self.with(index, |recorder| recorder.tell(event)).map(drop)
    }

    async fn ended(&self, index: usize, result: &BatchResult) {
        let slot = self.slots[index].lock().unwrap_or_else(PoisonError::into_inner).take();
        self.progress.remove(&self.planned[index].name);
        if let Err(failure) = self.conclude(index, result, slot).await {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        }
    }
}
