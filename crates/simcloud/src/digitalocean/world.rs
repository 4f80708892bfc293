//! The things of one account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digitalocean::action::Action;
use crate::digitalocean::domains::Domain;
use crate::digitalocean::droplet::Droplet;
use crate::digitalocean::guests;
use crate::digitalocean::keys::Key;
use crate::digitalocean::projects::{Assigned, Project};
use crate::digitalocean::snapshots::Snapshot;
use crate::digitalocean::volume::Volume;
use crate::ids;
use crate::sim::Sim;

/// How many actions that are over an account remembers.
const ACTIONS: usize = 250_000;

/// How long a destroyed droplet is remembered, for lists that are stale.
const MEMORY: SignedDuration = SignedDuration::from_mins(10);

/// Now, and what there is beside the account.
pub(super) struct Moment<'a> {
    /// What the clock shows.
    pub(super) now: Timestamp,
    /// The cloud's bill and quirks.
    pub(super) sim: &'a Sim,
}

/// All that an account has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct World {
    /// The account's own id.
    pub(super) uuid: String,
    /// Its default VPC.
    pub(super) vpc: String,
    next: u64,
    pub(super) droplets: BTreeMap<u64, Droplet>,
    pub(super) actions: BTreeMap<u64, Action>,
    /// Actions that are not over, by when they will be.
    due: BTreeSet<(Timestamp, u64)>,
    /// Destroyed droplets, by when they were.
    gone: BTreeSet<(Timestamp, u64)>,
    pub(super) volumes: BTreeMap<String, Volume>,
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    pub(super) keys: BTreeMap<u64, Key>,
    pub(super) domains: BTreeMap<String, Domain>,
    /// The spelling of each tag that came first, by the tag in lowercase.
    pub(super) tags: BTreeMap<String, String>,
    pub(super) projects: BTreeMap<String, Project>,
    /// The project of each thing that was moved to one, by its URN.
    pub(super) assigned: BTreeMap<String, Assigned>,
}

impl Default for World {
    fn default() -> Self {
        // Accounts begin far apart, as though there were others between them.
        let first = u32::from_be_bytes(ids::random()) >> 8;
        Self {
            uuid: ids::uuid(),
            vpc: ids::uuid(),
            next: 400_000_000 + 1_000 * u64::from(first),
            droplets: BTreeMap::new(),
            actions: BTreeMap::new(),
            due: BTreeSet::new(),
            gone: BTreeSet::new(),
            volumes: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            keys: BTreeMap::new(),
            domains: BTreeMap::new(),
            tags: BTreeMap::new(),
            projects: BTreeMap::new(),
            assigned: BTreeMap::new(),
        }
    }
}

impl World {
    /// A number that nothing has yet.
    pub(super) fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Lets everything happen that was to happen by now.
    pub(super) fn settle(&mut self, moment: &Moment<'_>) {
        while let Some(&(at, id)) = self.due.first().filter(|(at, _)| *at <= moment.now) {
            self.due.pop_first();
            let Some(action) = self.actions.get_mut(&id) else { continue };
            action.complete(at);
            let (effect, droplet) = (action.effect.clone(), action.droplet);
            effect.apply(self, droplet, &Moment { now: at, sim: moment.sim });
            if let Some(droplet) = droplet.and_then(|id| self.droplets.get_mut(&id)) {
                droplet.pending = None;
            }
        }
        while let Some(&(at, id)) = self.gone.first().filter(|(at, _)| moment.now.duration_since(*at) > MEMORY) {
            self.gone.remove(&(at, id));
            self.droplets.remove(&id);
        }
    }

    /// Begins an action and says its id.
    pub(super) fn begin(&mut self, action: Action) -> u64 {
        let id = self.next();
        if let Some(droplet) = action.droplet.and_then(|droplet| self.droplets.get_mut(&droplet)) {
            droplet.pending = Some(id);
        }
        self.due.insert((action.due, id));
        self.actions.insert(id, action);
        while self.actions.len() > ACTIONS + self.due.len() {
            self.actions.pop_first();
        }
        id
    }

    /// The droplet is destroyed: what was attached to it stays, what was to become of it does not happen.
    pub(super) fn destroy(&mut self, id: u64, moment: &Moment<'_>) {
        let Some(droplet) = self.droplets.get_mut(&id) else { return };
        droplet.gone_at = Some(moment.now);
        guests::act(self, id, "destroy", moment);
        self.gone.insert((moment.now, id));
        for volume in self.volumes.values_mut().filter(|volume| volume.droplet == Some(id)) {
            volume.droplet = None;
        }
        self.assigned.remove(&format!("do:droplet:{id}"));
        moment.sim.bill.close("machine", &id.to_string(), moment.now);
    }

    /// `tags` as they were first spelled.
    pub(super) fn spelled(&mut self, tags: &[String]) -> Vec<String> {
        let mut spelled = Vec::new();
        for tag in tags {
            let first = self.tags.entry(tag.to_lowercase()).or_insert_with(|| tag.clone());
            if !spelled.contains(first) {
                spelled.push(first.clone());
            }
        }
        spelled
    }
}
