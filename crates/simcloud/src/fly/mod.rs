//! Fly Machines, version 1 of their API, and the logs beside it. Paths are answered with `/v1` and without, since the base URL
//! of a client may have it or not.
//!
//! For every machine a real one runs (`body.rs`), whatever its image: this computer's own system. Where there are to be no
//! machines, one is its record: then `exec` is refused on a machine that is started, logs are empty, and a main process
//! ends only when it is made to: by `stop`, by a signal, or by `/_sim/state` with `exit CODE` or `exit oom`.
//!
//! What a real account meets only on a bad day, some names meet always. In region `full` there is no room (503, for volumes
//! 400); in `quota` the organization has used up what it may (403); in `crowded` a machine is created, but its host has no
//! room when it is started or changed (409) or is to have a volume (412); machines in `dark` are missing from the list of the
//! organization, which says so. An image whose last name begins with `missing` does not exist.

#![expect(clippy::unnecessary_wraps, reason = "operations have one shape, so that all fit into one table")]

mod addresses;
mod answer;
mod apps;
mod body;
mod catalog;
mod course;
mod create;
mod event;
mod exec;
mod lease;
mod limits;
mod logs;
mod machine;
mod machines;
mod metadata;
mod platform;
mod power;
mod routes;
mod update;
mod volume;
mod volumes;
mod wait;
mod world;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::routing::MethodFilter;
use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::call::Call;
use crate::fake::Fake;
use crate::fly::answer::{Refusal, refuse, version_id};
use crate::fly::event::Exit;
use crate::fly::limits::{Limits, token};
use crate::fly::world::{Moment, World};
use crate::machines::Report;
use crate::operations::Operations;
use crate::reply::Reply;
use crate::sim::Sim;

/// What an operation comes to.
type Answer = Result<Reply, Refusal>;

/// The simulated Fly.
pub(crate) struct Fly {
    sim: Arc<Sim>,
    accounts: Accounts<World>,
    limits: Limits,
    /// Held while an app is made: two accounts must not take one name at the same time.
    naming: Mutex<()>,
}

impl Fly {
    /// With the things of an earlier run, or none.
    pub(crate) fn new(sim: Arc<Sim>, saved: Option<Value>) -> serde_json::Result<Self> {
        Ok(Self { sim, accounts: Accounts::restore(saved)?, limits: Limits::new(), naming: Mutex::new(()) })
    }

    /// Runs `handle` in the caller's account, as it is now.
    fn perform(&self, call: &Call, handle: impl FnOnce(&mut World, &Moment<'_>, &Call) -> Answer) -> Reply {
        let moment = self.moment();
        self.accounts.with(token(&call.headers).unwrap_or_default(), |world| {
            world.settle(&moment);
            handle(world, &moment, call).unwrap_or_else(Reply::from)
        })
    }

    /// Looks into the caller's account for an answer that is not there yet.
    fn look(&self, call: &Call, look: impl FnOnce(&World, &Moment<'_>, &Call) -> Option<Answer>) -> Option<Reply> {
        let moment = self.moment();
        self.accounts.with(token(&call.headers).unwrap_or_default(), |world| {
            world.settle(&moment);
            look(world, &moment, call).map(|answer| answer.unwrap_or_else(Reply::from))
        })
    }

    /// Makes an app: its name is looked for in every account before.
    fn create_app(&self, call: &Call) -> Reply {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = Vec::new();
        self.accounts.each(|world| names.extend(world.apps.keys().cloned()));
        self.perform(call, |world, moment, call| {
            apps::create(world, moment, call, |name| names.iter().any(|taken| taken == name))
        })
    }

    fn moment(&self) -> Moment<'_> {
        Moment { now: self.sim.now(), sim: &self.sim }
    }
}

impl Fake for Fly {
    fn router(self: Arc<Self>) -> Router {
        let mut operations = Operations::new(&self.sim);
        for base in ["/v1", ""] {
            for &(name, method, path, handle) in routes::ROUTES {
                operations = operations
                    .on(name, method, &format!("{base}{path}"), move |fly: &Self, call| fly.perform(call, handle));
            }
            operations = operations
                .on("create_app", MethodFilter::POST, &format!("{base}/apps"), Self::create_app)
                .on_async("wait_machine", MethodFilter::GET, &format!("{base}{}", routes::WAIT), wait::wait)
                .on_async("exec_machine", MethodFilter::POST, &format!("{base}{}", routes::EXEC), exec::exec);
        }
        let (name, method, path, handle) = routes::LOGS;
        operations.on(name, method, path, move |fly: &Self, call| fly.perform(call, handle)).router(self)
    }

    fn admit(&self, call: &Call) -> Result<(), Reply> {
        match token(&call.headers) {
            None => return Err(refuse(401, "unauthorized: no token").into()),
            Some(token) if token.starts_with("bad") => return Err(refuse(401, "unauthorized: invalid token").into()),
            Some(token) if token.starts_with("forbidden") => {
                return Err(refuse(403, "permission_denied: the token does not allow this").into());
            }
            Some(_) => {}
        }
        if self.sim.rate_limits && !self.limits.fits(call, Instant::now()) {
            return Err(refuse(429, "rate limit exceeded").into());
        }
        Ok(())
    }

    fn dress(&self, _: &Call, reply: Reply) -> Reply {
        reply.with("fly-request-id", format!("{}-iad", version_id(self.sim.now())))
    }

    fn unknown(&self) -> Reply {
        refuse(404, "404 page not found").into()
    }

    fn truth(&self) -> Value {
        let (mut machines, mut volumes, mut snapshots, mut apps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.accounts.each(|world| {
            world.settle(&self.moment());
            let there = world.machines.values().filter(|machine| machine.gone_at.is_none());
            machines.extend(there.map(machine::Machine::truth));
            for (id, volume) in world.volumes.iter().filter(|(_, volume)| volume.deleted_at.is_none()) {
                volumes.push(json!({"id": id, "is": volume}));
                snapshots.extend(volume.snapshots.iter().map(|snapshot| json!({"id": snapshot.id, "is": snapshot})));
            }
            apps.extend(world.apps.iter().map(|(name, app)| json!({"id": name, "is": app})));
        });
        json!({"machines": machines, "volumes": volumes, "snapshots": snapshots, "apps": apps})
    }

    fn seed(&self, count: usize, token: Option<&str>) -> Result<Vec<String>, String> {
        let moment = self.moment();
        self.accounts.with_only(token, |world| create::foreign(world, &moment, count))
    }

    fn set_state(&self, id: &str, word: &str) -> bool {
        let moment = self.moment();
        let exit = word.strip_prefix("exit ").and_then(|how| match how {
            "oom" => Some(Exit::out_of_memory()),
            code => code.parse().ok().map(Exit::with_code),
        });
        let set = self.accounts.find(|world| {
            world.settle(&moment);
            let machine = world.machines.get_mut(id)?;
            match exit {
                Some(exit) => {
                    machine.cut(&moment);
                    world.exited(id, exit, &moment);
                }
                None => word.clone_into(&mut machine.state),
            }
            Some(())
        });
        set.is_some()
    }

    fn resume(&self) {
        let moment = self.moment();
        self.accounts.each(|world| world.resume(&moment));
    }

    fn report(&self, report: Report) {
        let moment = self.moment();
        let taken = self.accounts.find(|world| {
            world.settle(&moment);
            world.machines.contains_key(&report.id).then(|| world.report(&report, &moment))
        });
        if taken.is_none() {
            tracing::debug!(machine = report.id, "nobody knows the machine that this is about");
        }
    }

    fn saved(&self) -> Value {
        self.accounts.saved()
    }
}
