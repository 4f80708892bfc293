//! Clouds that listen.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bill::Statement;
use crate::builder::Cloud;
use crate::fake::Fake;
use crate::handle::Handle;
use crate::machines::Report;
use crate::serve::serve;
use crate::sim::Sim;
use crate::store::{Saved, Store};
use crate::traffic::Exchange;

/// How often the state is written while it changes.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// One cloud that is up.
#[derive(Clone)]
pub(crate) struct Up {
    pub(crate) address: SocketAddr,
    pub(crate) sim: Arc<Sim>,
    pub(crate) fake: Arc<dyn Fake>,
    pub(crate) store: Option<Store>,
}

/// A cloud that is to be up: where it listens, what it answers, and what is reported to it of its machines.
pub(crate) type Ready = (Up, TcpListener, Router, Option<mpsc::Receiver<Report>>);

/// Clouds that listen, until this is shut down or dropped.
#[must_use = "the clouds end with it"]
pub struct Running {
    clouds: BTreeMap<Cloud, Up>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Running {
    pub(crate) fn new(clouds: BTreeMap<Cloud, Ready>) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let mut ups = BTreeMap::new();
        for (cloud, (up, listener, router, reports)) in clouds {
            tasks.spawn(serve(listener, router, stop.clone()));
            tasks.spawn(keep_written(up.clone(), stop.clone()));
            if let Some(reports) = reports {
                tasks.spawn(take_reports(up.clone(), reports, stop.clone()));
                up.fake.resume();
            }
            ups.insert(cloud, up);
        }
        Self { clouds: ups, tasks, stop }
    }

    /// Where `cloud` listens; nothing if it is not played.
    pub fn address(&self, cloud: Cloud) -> Option<SocketAddr> {
        self.clouds.get(&cloud).map(|up| up.address)
    }

    /// The URL of `cloud` without a path: what its API would be at `https://api.…` is here below it.
    pub fn url(&self, cloud: Cloud) -> Option<String> {
        self.address(cloud).map(|address| format!("http://{address}"))
    }

    /// What whoever plays `cloud` may see and do; nothing if it is not played.
    pub fn handle(&self, cloud: Cloud) -> Option<Handle> {
        self.clouds.get(&cloud).cloned().map(Handle)
    }

    /// What went over the wire to and from `cloud`, where that is recorded; oldest first, and at most the last 10,000.
    pub fn traffic(&self, cloud: Cloud) -> Vec<Exchange> {
        self.clouds.get(&cloud).map(|up| up.sim.traffic.exchanges()).unwrap_or_default()
    }

    /// The bill of `cloud`; nothing if it is not played.
    pub fn bill(&self, cloud: Cloud) -> Option<Statement> {
        self.clouds.get(&cloud).map(|up| up.sim.bill.statement(up.sim.now(), None))
    }

    /// Ends them: requests that are being answered have a moment to end, the state is written, and the machines end. Those of
    /// a state that is kept run again the next time.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a simulated cloud has ended badly");
            }
        }
        for up in std::mem::take(&mut self.clouds).into_values() {
            up.write();
            if let Some(machines) = &up.sim.machines {
                machines.shutdown().await;
            }
        }
    }
}

impl Drop for Running {
    /// Nobody waits for the machines to end here, and none is to be left behind.
    fn drop(&mut self) {
        self.stop.cancel();
        for machines in self.clouds.values().filter_map(|up| up.sim.machines.as_ref()) {
            machines.sweep();
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.clouds.iter().map(|(cloud, up)| (cloud, up.address))).finish()
    }
}

impl Up {
    fn write(&self) {
        let Some(store) = &self.store else { return };
        let now = self.sim.now();
        let charges = self.sim.bill.statement(now, None).charges;
        let saved = Saved { now, charges, cloud: self.fake.saved() };
        if let Err(error) = store.write(&saved) {
            tracing::error!(%error, "the state is not written");
        }
    }
}

/// Hands over what becomes of the machines.
async fn take_reports(up: Up, mut reports: mpsc::Receiver<Report>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            report = reports.recv() => match report {
                Some(report) => {
                    up.fake.report(report);
                    up.sim.touch();
                }
                None => return,
            },
        }
    }
}

/// Writes the state while it changes, so that a fake that is killed has lost a second at most.
async fn keep_written(up: Up, stop: CancellationToken) {
    if up.store.is_none() {
        return;
    }
    while tokio::time::timeout(WRITE_EVERY, stop.cancelled()).await.is_err() {
        if up.sim.take_change() {
            let up = up.clone();
            // Half a second of work for 100,000 machines, which is not to hold up answers.
            if let Err(error) = tokio::task::spawn_blocking(move || up.write()).await {
                tracing::error!(%error, "the state is not written");
            }
        }
    }
}
