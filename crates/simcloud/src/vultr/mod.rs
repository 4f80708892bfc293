//! Vultr, version 2 of its API.

#![expect(clippy::unnecessary_wraps, reason = "operations have one shape, so that all fit into one table")]

mod account;
mod answer;
mod blocks;
mod catalog;
mod create;
mod domains;
mod guests;
mod instance;
mod instances;
mod keys;
mod lifecycle;
mod patch;
mod power;
mod records;
mod routes;
mod scripts;
mod shop;
mod snapshots;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::call::Call;
use crate::fake::Fake;
use crate::machines::Report;
use crate::operations::Operations;
use crate::rate::Window;
use crate::reply::Reply;
use crate::sim::Sim;
use crate::vultr::answer::{Refusal, refuse};
use crate::vultr::world::{Moment, World};

/// What an operation comes to.
type Answer = Result<Reply, Refusal>;

/// The simulated Vultr.
pub(crate) struct Vultr {
    sim: Arc<Sim>,
    accounts: Accounts<World>,
    second: Window,
}

impl Vultr {
    /// With the things of an earlier run, or none.
    pub(crate) fn new(sim: Arc<Sim>, saved: Option<Value>) -> serde_json::Result<Self> {
        Ok(Self { sim, accounts: Accounts::restore(saved)?, second: Window::new(30, Duration::from_secs(1)) })
    }

    fn moment(&self) -> Moment<'_> {
        Moment { now: self.sim.now(), sim: &self.sim }
    }

    /// Runs `handle` in the caller's account, as it is now.
    fn perform(&self, call: &Call, handle: impl FnOnce(&mut World, &Moment<'_>, &Call) -> Answer) -> Reply {
        let moment = self.moment();
        self.accounts.with(call.bearer().unwrap_or_default(), |world| {
            world.settle(&moment);
            handle(world, &moment, call).unwrap_or_else(Reply::from)
        })
    }
}

impl Fake for Vultr {
    fn router(self: Arc<Self>) -> Router {
        let operations = Operations::new(&self.sim);
        let operations = routes::ROUTES.iter().fold(operations, |operations, &(name, method, path, handle)| {
            operations.on(name, method, path, move |cloud: &Self, call| cloud.perform(call, handle))
        });
        operations.router(self)
    }

    fn admit(&self, call: &Call) -> Result<(), Reply> {
        // Requests are counted by the address that they come from, and here all come from one.
        if self.sim.rate_limits && !self.second.ask("", Instant::now()).fits {
            return Err(refuse(429, "Rate limit exceeded").into());
        }
        match call.bearer() {
            None => Err(refuse(401, "Invalid API token.").into()),
            Some(token) if token.starts_with("bad") => Err(refuse(401, "Invalid API token.").into()),
            Some(token) if token.starts_with("elsewhere") => {
                Err(refuse(401, "Unauthorized IP address: 127.0.0.1").into())
            }
            Some(token) if token.starts_with("forbidden") => Err(refuse(403, "Forbidden").into()),
            Some(_) => Ok(()),
        }
    }

    fn dress(&self, _: &Call, reply: Reply) -> Reply {
        reply
    }

    fn unknown(&self) -> Reply {
        refuse(404, "Invalid API path").into()
    }

    fn truth(&self) -> Value {
        let mut all = json!({"machines": [], "volumes": [], "snapshots": [], "ssh_keys": [], "domains": []});
        let mut add = |kind: &str, things: Vec<Value>| {
            if let Some(list) = all[kind].as_array_mut() {
                list.extend(things);
            }
        };
        let moment = self.moment();
        self.accounts.each(|world| {
            world.settle(&moment);
            let there = world.instances.values().filter(|instance| instance.gone_at.is_none());
            add("machines", there.map(|instance| json!(instance)).collect());
            add("volumes", world.blocks.values().map(|block| json!(block)).collect());
            add("snapshots", world.snapshots.values().map(|snapshot| json!(snapshot)).collect());
            add("ssh_keys", world.keys.values().map(|key| json!(key)).collect());
            add("domains", world.domains.iter().map(|(name, domain)| json!({"id": name, "is": domain})).collect());
        });
        all
    }

    fn seed(&self, count: usize, token: Option<&str>) -> Result<Vec<String>, String> {
        let moment = self.moment();
        self.accounts.with_only(token, |world| (0..count).map(|_| create::foreign(world, &moment)).collect())
    }

    /// The word is the instance's `status`, or all three of its fields with a slash between them.
    fn set_state(&self, id: &str, word: &str) -> bool {
        let moment = self.moment();
        let set = self.accounts.find(|world| {
            world.settle(&moment);
            let instance = world.instances.get_mut(id)?;
            let mut words = word.split('/');
            for field in [&mut instance.status, &mut instance.power, &mut instance.server] {
                words.next().unwrap_or(field.clone().as_str()).clone_into(field);
            }
            Some(())
        });
        set.is_some()
    }

    fn kept(&self) -> BTreeSet<String> {
        let mut kept = BTreeSet::new();
        self.accounts.each(|world| {
            let there = world.instances.values().filter(|one| one.gone_at.is_none() && one.guest.is_some());
            kept.extend(there.map(|one| one.id.clone()));
        });
        kept
    }

    fn resume(&self) {
        let moment = self.moment();
        self.accounts.each(|world| {
            world.settle(&moment);
            let run = world.instances.values().filter(|one| one.gone_at.is_none() && one.power == "running");
            for id in run.map(|one| one.id.clone()).collect::<Vec<_>>() {
                guests::act(world, &id, guests::Deed::Boot, &moment);
            }
        });
    }

    fn report(&self, report: Report) {
        let moment = self.moment();
        self.accounts.find(|world| {
            world.settle(&moment);
            guests::report(world, &report, &moment)
        });
    }

    fn saved(&self) -> Value {
        self.accounts.saved()
    }
}
