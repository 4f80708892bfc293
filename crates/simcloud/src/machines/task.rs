//! One machine's orders, one after the other, and its end.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use machine_core::{ExitStatus, MachineId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::machines::host::{Host, NotBooted};
use crate::machines::order::{Happened, Order, Report};

/// The signal that asks a program to end.
const SIGTERM: i32 = 15;

/// The signal that cannot be refused.
const SIGKILL: i32 = 9;

/// How long the machines of a kept state have to end when the cloud does.
const LAST_GRACE: Duration = Duration::from_secs(2);

/// An order, and the life of the machine that it belongs to.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) life: u64,
    pub(super) order: Order,
}

/// One machine, and what is under way with it.
pub(super) struct Task {
    id: String,
    host: Arc<Host>,
    reports: mpsc::Sender<Report>,
    stop: CancellationToken,
    life: u64,
    /// Where it runs: what tells of its end.
    up: Option<Up>,
}

/// A machine that runs.
struct Up {
    local: MachineId,
    ends: BoxFuture<'static, ExitStatus>,
}

impl Task {
    /// For the machine of that id.
    pub(super) fn new(id: &str, host: Arc<Host>, reports: mpsc::Sender<Report>, stop: CancellationToken) -> Self {
        Self { id: id.to_owned(), host, reports, stop, life: 0, up: None }
    }

    /// Does what comes, until the machine is forgotten or the cloud ends.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Ordered>) {
        let stop = self.stop.clone();
        loop {
            let ends = async {
                match &mut self.up {
                    Some(up) => up.ends.as_mut().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.rest().await,
                status = ends => {
                    self.up = None;
                    self.report_end(&status).await;
                }
                ordered = orders.recv() => match ordered {
                    Some(Ordered { life, order }) => {
                        if self.meet(life, order).await.is_over() {
                            return;
                        }
                    }
                    None => return self.rest().await,
                },
            }
        }
    }

    async fn meet(&mut self, life: u64, order: Order) -> Next {
        self.life = life;
        match order {
            Order::Boot(shape) => {
                self.end_unheard().await;
                let since = Timestamp::now();
                match self.host.boot(&self.id, *shape).await {
                    Ok(local) => self.is_up(local, since).await,
                    Err(NotBooted::Command(code)) => self.report_end(&ExitStatus::exited(code)).await,
                    Err(NotBooted::Host(error)) => self.report(Happened::Failed(error)).await,
                }
            }
            Order::Stop { signal, grace } => self.end(signal, grace).await,
            Order::Cut => self.end(SIGKILL, Duration::ZERO).await,
            Order::Signal(signal) => {
                if let Some(up) = &self.up {
                    self.host.signal(&up.local, signal).await;
                }
            }
            Order::Forget => {
                self.end_unheard().await;
                self.host.forget(&self.id).await;
                return Next::Over;
            }
        }
        Next::More
    }

    async fn is_up(&mut self, local: MachineId, since: Timestamp) {
        let ends = Box::pin(Arc::clone(&self.host).ends(self.id.clone(), local.clone(), since));
        self.up = Some(Up { local, ends });
        self.report(Happened::Up).await;
    }

    /// Ends what runs, down to its last line. How it ends is nobody's news: it goes, or another takes its place.
    async fn end_unheard(&mut self) {
        if let Some(up) = self.up.take() {
            self.host.stop(&up.local, SIGKILL, Duration::ZERO).await;
            up.ends.await;
        }
    }

    /// Ends the machine; one that does not run has ended already, and says so again.
    async fn end(&mut self, signal: i32, grace: Duration) {
        let Some(up) = self.up.take() else {
            return self.report(Happened::Ended { code: Some(0), signal: None, oom: false }).await;
        };
        self.host.stop(&up.local, signal, grace).await;
        let status = up.ends.await;
        self.report_end(&status).await;
    }

    async fn report_end(&mut self, status: &ExitStatus) {
        let what = Happened::Ended { code: status.code, signal: status.signal, oom: status.oom };
        self.report(what).await;
    }

    /// The cloud ends: so does the machine, and nobody is to hear of it.
    async fn rest(self) {
        if !self.host.is_kept() {
            self.host.forget(&self.id).await;
        } else if let Some(up) = self.up {
            self.host.stop(&up.local, SIGTERM, LAST_GRACE).await;
        }
    }

    async fn report(&mut self, what: Happened) {
        let report = Report { id: self.id.clone(), life: self.life, what };
        tokio::select! {
            () = self.stop.cancelled() => {}
            // Nobody takes it in where the cloud is gone.
            sent = self.reports.send(report) => drop(sent),
        }
    }
}

/// Whether there is more to do.
#[derive(PartialEq, Eq)]
enum Next {
    More,
    Over,
}

impl Next {
    fn is_over(&self) -> bool {
        *self == Self::Over
    }
}
