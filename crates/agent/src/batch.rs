//! Many jobs, so many at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use machine_core::{Effect, Error, ErrorKind, Machine, Result};
use machine_fleet::Fleet;
use tokio::sync::Semaphore;

use crate::{Finished, Job, JobEvent, JobSpec, start};

/// One job of a batch.
#[derive(Debug, Clone)]
pub struct BatchItem {
    /// Who may have it, in order of preference: where one has no room or no quota left, the next is asked. Never empty.
    pub fleets: Vec<Fleet>,
    /// The job.
    pub spec: JobSpec,
}

/// What came of one job of a batch.
#[derive(Debug)]
pub enum BatchResult {
    /// It was run, and its outcome is what is known of its end.
    Ended(Finished),
    /// It could not be run, or what it was to leave could not be had, or its machine not be ended.
    Failed(Error),
    /// It was not begun, because another had failed before.
    NotBegun,
}

impl BatchResult {
    /// Whether the job is known to have exited by itself with 0, and everything was brought back.
    pub fn success(&self) -> bool {
        matches!(self, Self::Ended(finished) if finished.outcome.success())
    }
}

/// Who is told what happens in a batch. The jobs are numbered in their order, from 0. An error ends the job that it is about.
#[async_trait]
pub trait BatchWatcher: Sync {
    /// The job is about to get its machine.
    async fn beginning(&self, index: usize) -> Result<()>;
    /// Its machine is there.
    async fn started(&self, index: usize, machine: &Machine) -> Result<()>;
    /// Something happened in it.
    async fn event(&self, index: usize, event: JobEvent) -> Result<()>;
    /// It is over, and its machine gone unless it is to be kept. A job that was not begun is told of as well.
    async fn ended(&self, index: usize, result: &BatchResult);
}

/// How many jobs are run.
#[derive(Debug, Clone)]
pub struct Batch {
    permits: Arc<Semaphore>,
    at_once: usize,
    stop_at_failure: bool,
}

impl Batch {
    /// At most so many at the same time, and at least one.
    pub fn new(at_once: usize) -> Self {
        let at_once = at_once.clamp(1, Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(at_once)), at_once, stop_at_failure: false }
    }

    /// Begins no job any more once one has not succeeded. Those that run then are run to their end.
    #[must_use]
    pub fn stop_at_failure(mut self) -> Self {
        self.stop_at_failure = true;
        self
    }

    /// Runs all of them and answers in their order. Batches that were cloned from one another share its limit. Dropping the
    /// future ends every machine that was made.
    pub async fn run(&self, items: Vec<BatchItem>, watcher: &dyn BatchWatcher) -> Vec<BatchResult> {
        let failed = &AtomicBool::new(false);
        let one = |(index, item)| async move {
            // Closed by nobody; and a job too many would be no harm.
            let _permit = self.permits.acquire().await;
            let result = if self.stop_at_failure && failed.load(Ordering::Relaxed) {
                BatchResult::NotBegun
            } else {
                carry(index, item, watcher).await.map_or_else(BatchResult::Failed, BatchResult::Ended)
            };
            if !result.success() {
                failed.store(true, Ordering::Relaxed);
            }
            watcher.ended(index, &result).await;
            (index, result)
        };
        let running = stream::iter(items.into_iter().enumerate().map(one)).buffer_unordered(self.at_once);
        let mut results: Vec<(usize, BatchResult)> = running.collect().await;
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

async fn carry(index: usize, item: BatchItem, watcher: &dyn BatchWatcher) -> Result<Finished> {
    watcher.beginning(index).await?;
    let mut job = somewhere(item).await?;
    watcher.started(index, job.machine()).await?;
    while let Some(event) = job.next().await {
        watcher.event(index, event).await?;
    }
    job.finish().await
}

/// Starts it at the first of its fleets that has room.
async fn somewhere(BatchItem { fleets, spec }: BatchItem) -> Result<Job> {
    let mut full = Vec::new();
    for fleet in &fleets {
        match start(fleet, spec.clone()).await {
            Err(error) if is_full(&error) => full.push((fleet.provider().info().kind, error)),
            started => return started,
        }
    }
    let Some((_, last)) = full.pop() else {
        return Err(Error::new(ErrorKind::Invalid, "a job of a batch has to be somewhere, and nowhere is named"));
    };
    Err(full
        .into_iter()
        .fold(last, |last, (kind, error)| last.with_context("tried before", format!("{kind}: {error}"))))
}

/// Whether there is no room, which may be otherwise at another cloud, and nothing was made.
fn is_full(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::OutOfCapacity | ErrorKind::Quota) && error.effect() == Effect::None
}
