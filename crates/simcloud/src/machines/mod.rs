//! The machines behind a simulated cloud: real ones, on this computer, under a state root and an owner of simcloud's own.
//!
//! A cloud orders and goes on; what becomes of an order is reported to it later. Everything that one machine is ordered
//! happens in the order in which it was ordered, in a task of that machine's own.

mod exec;
mod host;
mod log;
mod order;
mod sweeper;
mod task;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use host::Host;
use log::Logs;

pub(crate) use exec::{Ran, Run};
pub(crate) use log::Line;
pub(crate) use order::{File, Happened, Order, Report, Shape, Storage};
pub(crate) use sweeper::main as sweep;

/// How many orders a machine can have that are not done yet.
const ORDERS: usize = 32;

/// How many reports can wait for a cloud to take them in.
const REPORTS: usize = 1024;

/// How long all machines together have to end when the cloud does.
const ENDING: Duration = Duration::from_secs(30);

/// The machines of one cloud.
pub(crate) struct Machines {
    host: Arc<Host>,
    tasks: Mutex<HashMap<String, mpsc::Sender<task::Ordered>>>,
    reports: mpsc::Sender<Report>,
    tracker: TaskTracker,
    stop: CancellationToken,
    runtime: tokio::runtime::Handle,
}

/// What there is of machines where their state is.
pub(crate) struct Place {
    /// Where the state is kept; a directory that goes with this otherwise.
    pub(crate) state: Option<PathBuf>,
    /// The program that becomes a machine's supervisor; the running one otherwise.
    pub(crate) helper: Option<PathBuf>,
}

impl Machines {
    /// Opens the place where they are, and gives the reports of what will become of them.
    ///
    /// # Errors
    /// What keeps this computer from having machines there.
    pub(crate) fn open(place: Place, clock: Arc<Clock>) -> machine_core::Result<(Arc<Self>, mpsc::Receiver<Report>)> {
        let (reports, taken) = mpsc::channel(REPORTS);
        let machines = Self {
            host: Arc::new(Host::open(place, Logs::new(clock))?),
            tasks: Mutex::default(),
            reports,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            runtime: tokio::runtime::Handle::current(),
        };
        Ok((Arc::new(machines), taken))
    }

    /// Orders something for the machine of the cloud that has that id, in its `life`. Never waits; what becomes of it is
    /// reported with the same `life`.
    pub(crate) fn order(&self, id: &str, life: u64, order: Order) {
        if self.stop.is_cancelled() {
            return;
        }
        let mut tasks = self.tasks();
        let sender = tasks.entry(id.to_owned()).or_insert_with(|| {
            let (sender, orders) = mpsc::channel(ORDERS);
            let task = task::Task::new(id, Arc::clone(&self.host), self.reports.clone(), self.stop.clone());
            self.tracker.spawn_on(task.run(orders), &self.runtime);
            sender
        });
        let forgotten = matches!(order, Order::Forget);
        if let Err(error) = sender.try_send(task::Ordered { life, order }) {
            tracing::error!(machine = id, %error, "an order for a machine is lost");
        }
        if forgotten {
            // Its task ends when it has done this; an id never comes back.
            tasks.remove(id);
        }
    }

    /// Runs a command in the machine of that id.
    ///
    /// # Errors
    /// Why it was not run.
    pub(crate) async fn exec(&self, id: &str, run: Run) -> machine_core::Result<Ran> {
        exec::run(&self.host, id, run).await
    }

    /// What those of `ids` wrote after `after`, oldest first, at most `most` lines.
    pub(crate) fn logs<'a>(&self, ids: impl Iterator<Item = &'a str>, after: i128, most: usize) -> Vec<Line> {
        self.host.logs.read(ids, after, most)
    }

    /// What a machine wrote that nobody knows any more is not kept.
    pub(crate) fn drop_log(&self, id: &str) {
        self.host.logs.drop_of(id);
    }

    /// Destroys the volume of that name and what is on it, when nothing has it any more.
    pub(crate) fn drop_volume(&self, name: &str) {
        let (host, name) = (Arc::clone(&self.host), name.to_owned());
        self.tracker.spawn_on(async move { host.drop_volume(&name).await }, &self.runtime);
    }

    /// Clears up what an earlier run has left: machines not among `kept` are destroyed, those that still run are stopped.
    ///
    /// # Errors
    /// What cannot be cleared up.
    pub(crate) async fn clear_up(&self, kept: &BTreeSet<String>) -> machine_core::Result<()> {
        self.host.clear_up(kept).await
    }

    /// Ends them all: those of a kept state are stopped, others destroyed.
    pub(crate) async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks().clear();
        self.tracker.close();
        if tokio::time::timeout(ENDING, self.tracker.wait()).await.is_err() {
            tracing::error!("some machines do not end");
        }
    }

    /// The same without waiting for the tasks, which may be gone with their runtime: blocks until nothing runs.
    pub(crate) fn sweep(&self) {
        self.stop.cancel();
        self.tasks().clear();
        let host = Arc::clone(&self.host);
        let swept = std::thread::Builder::new().name("sweep".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => {
                    let swept =
                        runtime.block_on(async { tokio::time::timeout(ENDING, host.sweep(host.is_kept())).await });
                    if swept.is_err() {
                        tracing::error!("some machines do not end");
                    }
                }
                Err(error) => tracing::error!(%error, "machines go on running"),
            }
        });
        if swept.is_ok_and(|thread| thread.join().is_ok()) {
            return;
        }
        tracing::error!("machines may go on running");
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<task::Ordered>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machines").field("tasks", &self.tasks().len()).finish_non_exhaustive()
    }
}

/// Counts what is under way while it lives.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
