//! The calls, with what all of them have in common: one rate, one wrapping, one way to wait for a lock.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::TryFutureExt as _;
use machine_core::{Deadline, Error, ErrorKind, Machine, Result, Retry};
use machine_http::{Client, Rate, Request, by_cursor};

use crate::cached::Cached;
use crate::config::{Pauses, VultrConfig};
use crate::convert::machine;
use crate::dialect::Speech;
use crate::wire::{Block, Instance, Key, Listing, One, Os, Plan, Region, Wrapped};

/// The bucket of all requests: the cloud counts them by the address that they come from.
const ALL: &str = "all";
/// A third of what the cloud allows one address, which other programs may have as well.
const PER_SECOND: u32 = 10;
/// The most things on a page.
const PER_PAGE: &str = "500";
/// For how long prices and places are believed.
const FRESH: Duration = Duration::from_mins(10);
/// For how long the registered keys are those that were just looked at.
const SAME_LOOK: Duration = Duration::from_secs(10);

/// The calls to one account.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    pub(crate) pauses: Pauses,
    systems: Cached<Vec<Os>>,
    plans: Cached<Vec<Plan>>,
    regions: Cached<Vec<Region>>,
    /// The registered keys: a create looks at them for more than one reason.
    pub(crate) keys: Cached<Vec<Key>>,
}

impl Api {
    pub(crate) fn new(config: &VultrConfig) -> Result<Self> {
        let mut client = Client::builder(&config.api_url, Speech)
            .token(config.api_key.clone())
            .ca_file(config.ca_file.clone())
            .clock(config.clock.clone());
        if config.rate_limit {
            client = client.rate(ALL, Rate::new(PER_SECOND, Duration::from_secs(1), PER_SECOND));
        }
        Ok(Self {
            client: client.build()?,
            pauses: config.pauses,
            systems: Cached::new(None),
            plans: Cached::new(Some(FRESH)),
            regions: Cached::new(Some(FRESH)),
            keys: Cached::new(Some(SAME_LOOK)),
        })
    }

    pub(crate) fn get(&self, path: &[&str]) -> Request {
        self.client.get(path).bucket(ALL, "")
    }

    pub(crate) fn post(&self, path: &[&str]) -> Request {
        self.client.post(path).bucket(ALL, "")
    }

    /// A change of part of something. Each names what is to be, not by how much, so that twice is as good as once.
    pub(crate) fn patch(&self, path: &[&str]) -> Request {
        self.client.patch(path).idempotent().bucket(ALL, "")
    }

    pub(crate) fn delete(&self, path: &[&str]) -> Request {
        self.client.delete(path).bucket(ALL, "")
    }

    /// One thing.
    pub(crate) async fn one<T: Wrapped>(&self, path: &[&str]) -> Result<T> {
        self.get(path).send::<One<T>>().await.map(|One(one)| one)
    }

    /// All things of a list, page by page, each thing once.
    pub(crate) async fn pages<T: Wrapped>(&self, path: &[&str], filter: &[(&str, String)]) -> Result<Vec<Vec<T>>> {
        let pages = by_cursor(|cursor| {
            let request = self.get(path).query("per_page", PER_PAGE).query_opt("cursor", cursor);
            let request = filter.iter().fold(request, |request, (name, value)| request.query(name, value));
            request.send::<Listing<T>>().map_ok(|page| (vec![page.items], page.next))
        })
        .await?;
        let mut seen = HashSet::new();
        Ok(pages.into_iter().map(|page| page.into_iter().filter(|item| seen.insert(item.key())).collect()).collect())
    }

    /// All things of a list.
    pub(crate) async fn all<T: Wrapped>(&self, path: &[&str]) -> Result<Vec<T>> {
        Ok(self.pages(path, &[]).await?.into_iter().flatten().collect())
    }

    pub(crate) async fn systems(&self) -> Result<Arc<Vec<Os>>> {
        self.systems.get(self.all(&["os"])).await
    }

    pub(crate) async fn plans(&self) -> Result<Arc<Vec<Plan>>> {
        self.plans.get(self.all(&["plans"])).await
    }

    pub(crate) async fn regions(&self) -> Result<Arc<Vec<Region>>> {
        self.regions.get(self.all(&["regions"])).await
    }

    pub(crate) async fn instance(&self, id: &str) -> Result<Instance> {
        self.one(&["instances", id]).await.map_err(|error| no_such("machine", id, error))
    }

    pub(crate) async fn block(&self, id: &str) -> Result<Block> {
        self.one(&["blocks", id]).await.map_err(|error| no_such("volume", id, error))
    }

    /// What the instances cost. Not knowing is no reason not to show them.
    pub(crate) async fn prices(&self) -> Arc<Vec<Plan>> {
        self.plans().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what machines cost cannot be told");
            Arc::default()
        })
    }

    /// The instance of that id as a machine, with its volumes and its price.
    pub(crate) async fn machine(&self, id: &str) -> Result<Machine> {
        let (instance, blocks, plans) = futures::join!(self.instance(id), self.all(&["blocks"]), self.prices());
        // Whether it is there at all is told first.
        Ok(machine(&instance?, &plans, &blocks?))
    }

    /// Sends what `request` makes until no lock keeps it from happening, for at most `patience`. A lock has no effect, so the
    /// request was not sent twice when it is sent again.
    pub(crate) async fn unlocked(&self, patience: Duration, request: impl Fn() -> Request) -> Result<()> {
        let deadline = Deadline::after(patience);
        loop {
            match request().done().await {
                Err(error) if error.kind() == ErrorKind::Busy && !deadline.passed() => {
                    tracing::debug!(%error, "locked; waiting");
                    tokio::time::sleep(self.pauses.locked.min(deadline.remaining())).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Looks until what was accepted shows, or for long enough: it is accepted whether or not it shows, so that a look that
    /// fails is no failure.
    pub(crate) async fn settled<F: Future<Output = Result<bool>>>(&self, shows: impl Fn() -> F) {
        let deadline = Deadline::after(self.pauses.settle);
        loop {
            match shows().await {
                Ok(true) => return,
                Err(error) if error.retry() == Retry::Never => return,
                _ if deadline.passed() => return,
                _ => tokio::time::sleep((self.pauses.look / 4).min(deadline.remaining())).await,
            }
        }
    }
}

/// Says what was not found by what was looked for: the cloud's own words name neither.
pub(crate) fn no_such(what: &str, id: &str, error: Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let named = Error::not_found(what, id).with_provider(crate::KIND).with_context("cloud", error.to_string());
    match error.request_id() {
        Some(request) => named.with_request_id(request.to_owned()),
        None => named,
    }
}
