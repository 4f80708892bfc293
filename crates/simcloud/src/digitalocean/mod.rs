//! DigitalOcean, version 2 of its API.

#![expect(clippy::unnecessary_wraps, reason = "operations have one shape, so that all fit into one table")]

mod account;
mod action;
mod answer;
mod catalog;
mod create;
mod domains;
mod droplet;
mod droplet_actions;
mod droplets;
mod effect;
mod guests;
mod images;
mod keys;
mod networks;
mod projects;
mod routes;
mod shop;
mod snapshots;
mod tags;
mod volume;
mod volume_actions;
mod volumes;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::call::Call;
use crate::digitalocean::answer::{Refusal, missing, refuse};
use crate::digitalocean::world::{Moment, World};
use crate::fake::Fake;
use crate::ids;
use crate::machines::Report;
use crate::operations::Operations;
use crate::rate::{Room, Window};
use crate::reply::Reply;
use crate::sim::Sim;

/// What an operation comes to.
type Answer = Result<Reply, Refusal>;

/// The simulated DigitalOcean.
pub(crate) struct DigitalOcean {
    sim: Arc<Sim>,
    accounts: Accounts<World>,
    hour: Window,
    minute: Window,
    keys: Window,
}

impl DigitalOcean {
    /// With the things of an earlier run, or none.
    pub(crate) fn new(sim: Arc<Sim>, saved: Option<Value>) -> serde_json::Result<Self> {
        Ok(Self {
            sim,
            accounts: Accounts::restore(saved)?,
            hour: Window::new(5_000, Duration::from_hours(1)),
            minute: Window::new(250, Duration::from_mins(1)),
            keys: Window::new(10, Duration::from_mins(1)),
        })
    }

    /// Runs `handle` in the caller's account, as it is now.
    fn perform(&self, call: &Call, handle: impl FnOnce(&mut World, &Moment<'_>, &Call) -> Answer) -> Reply {
        let moment = self.moment();
        self.accounts.with(call.bearer().unwrap_or_default(), |world| {
            world.settle(&moment);
            handle(world, &moment, call).unwrap_or_else(Reply::from)
        })
    }

    fn moment(&self) -> Moment<'_> {
        Moment { now: self.sim.now(), sim: &self.sim }
    }

    fn room(&self, call: &Call) -> [Room; 2] {
        let (token, now) = (call.bearer().unwrap_or_default(), Instant::now());
        let often = if call.operation == "list_ssh_keys" { &self.keys } else { &self.minute };
        [often.ask(token, now), self.hour.ask(token, now)]
    }
}

impl Fake for DigitalOcean {
    fn router(self: Arc<Self>) -> Router {
        let operations = Operations::new(&self.sim);
        let operations = routes::ROUTES.iter().fold(operations, |operations, &(name, ref method, path, handle)| {
            // Older clients write a slash at the end.
            [path.to_owned(), format!("{path}/")].into_iter().fold(operations, |operations, path| {
                operations.on(name, *method, &path, move |cloud: &Self, call| cloud.perform(call, handle))
            })
        });
        operations.router(self)
    }

    fn admit(&self, call: &Call) -> Result<(), Reply> {
        match call.bearer() {
            None => return Err(refuse(401, "Unable to authenticate you").into()),
            Some(token) if token.starts_with("bad") => return Err(refuse(401, "Unable to authenticate you").into()),
            Some(token) if token.starts_with("forbidden") => {
                return Err(refuse(403, "You are not authorized to perform this operation").into());
            }
            Some(_) => {}
        }
        if self.sim.rate_limits {
            let [often, hour] = self.room(call);
            if !(often.fits && hour.fits) {
                let full = Reply::from(refuse(429, "API Rate limit exceeded."));
                // Only a burst is told how long to wait; who has used up the hour reads it off the reset.
                return Err(if often.fits { full } else { full.with("retry-after", often.wait.as_secs() + 1) });
            }
        }
        Ok(())
    }

    fn dress(&self, call: &Call, reply: Reply) -> Reply {
        let reply = reply.with("x-request-id", ids::uuid());
        if !self.sim.rate_limits {
            return reply;
        }
        let room = self.hour.look(call.bearer().unwrap_or_default(), Instant::now());
        let reset = jiff::Timestamp::now().as_second() + i64::try_from(room.wait.as_secs()).unwrap_or_default();
        reply.with("ratelimit-limit", 5_000).with("ratelimit-remaining", room.left).with("ratelimit-reset", reset)
    }

    fn unknown(&self) -> Reply {
        missing().into()
    }

    fn truth(&self) -> Value {
        let mut all = json!({"machines": [], "volumes": [], "snapshots": [], "ssh_keys": [], "domains": []});
        let mut add = |kind: &str, things: Vec<Value>| {
            if let Some(list) = all[kind].as_array_mut() {
                list.extend(things);
            }
        };
        self.accounts.each(|world| {
            world.settle(&self.moment());
            let there = world.droplets.values().filter(|droplet| droplet.is_there());
            add("machines", there.map(|droplet| json!(droplet)).collect());
            add("volumes", world.volumes.iter().map(|(id, volume)| json!({"id": id, "is": volume})).collect());
            add("snapshots", world.snapshots.iter().map(|(id, snapshot)| json!({"id": id, "is": snapshot})).collect());
            add("ssh_keys", world.keys.iter().map(|(id, key)| json!({"id": id, "is": key})).collect());
            add("domains", world.domains.iter().map(|(name, domain)| json!({"id": name, "is": domain})).collect());
        });
        all
    }

    fn seed(&self, count: usize, token: Option<&str>) -> Result<Vec<String>, String> {
        let moment = self.moment();
        self.accounts
            .with_only(token, |world| (0..count).map(|_| create::foreign(world, &moment).to_string()).collect())
    }

    fn set_state(&self, id: &str, word: &str) -> bool {
        let Ok(id) = id.parse() else { return false };
        let moment = self.moment();
        let set = self.accounts.find(|world| {
            world.settle(&moment);
            world.droplets.get_mut(&id).map(|droplet| word.clone_into(&mut droplet.status))
        });
        set.is_some()
    }

    fn kept(&self) -> BTreeSet<String> {
        let mut kept = BTreeSet::new();
        self.accounts.each(|world| {
            let there = world.droplets.values().filter(|droplet| droplet.is_there() && droplet.guest.is_some());
            kept.extend(there.map(|droplet| droplet.id.to_string()));
        });
        kept
    }

    fn resume(&self) {
        let moment = self.moment();
        self.accounts.each(|world| {
            world.settle(&moment);
            let run = world.droplets.values().filter(|droplet| droplet.is_there() && droplet.status != "off");
            for id in run.map(|droplet| droplet.id).collect::<Vec<_>>() {
                guests::act(world, id, "power_on", &moment);
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
