//! DigitalOcean, version 2 of its API.

mod account;
mod answer;
mod routes;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::call::Call;
use crate::digitalocean::answer::{Refusal, refuse};
use crate::digitalocean::world::{Moment, World};
use crate::fake::Fake;
use crate::ids;
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
        let moment = Moment { now: self.sim.now(), sim: &self.sim };
        self.accounts.with(call.bearer().unwrap_or_default(), |world| {
            world.settle(&moment);
            handle(world, &moment, call).unwrap_or_else(Reply::from)
        })
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
            operations.on(name, *method, path, move |cloud: &Self, call| cloud.perform(call, handle))
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

    fn truth(&self) -> Value {
        json!({})
    }

    fn seed(&self, _count: usize, _token: Option<&str>) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn set_state(&self, _id: &str, _word: &str) -> bool {
        false
    }

    fn saved(&self) -> Value {
        self.accounts.saved()
    }
}
