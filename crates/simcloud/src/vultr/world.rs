//! The things of one account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sim::Sim;
use crate::vultr::blocks::Block;
use crate::vultr::domains::Domain;
use crate::vultr::guests;
use crate::vultr::instance::Instance;
use crate::vultr::keys::Key;
use crate::vultr::lifecycle::Change;
use crate::vultr::scripts::Script;
use crate::vultr::snapshots::Snapshot;

/// How long a destroyed instance is remembered, for lists that are stale.
const MEMORY: SignedDuration = SignedDuration::from_mins(10);

/// Now, and what there is beside the account.
pub(super) struct Moment<'a> {
    /// What the clock shows.
    pub(super) now: Timestamp,
    /// The cloud's bill and quirks.
    pub(super) sim: &'a Sim,
}

/// All that an account has, by id.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct World {
    /// How many instances and changes there ever were.
    next: u32,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) blocks: BTreeMap<String, Block>,
    pub(super) snapshots: BTreeMap<String, Snapshot>,
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) scripts: BTreeMap<String, Script>,
    pub(super) domains: BTreeMap<String, Domain>,
    /// When which change happens.
    due: BTreeSet<(Timestamp, u32)>,
    /// What happens then.
    changes: BTreeMap<u32, (String, Change)>,
    /// Destroyed instances, by when they were.
    gone: BTreeSet<(Timestamp, String)>,
}

impl World {
    /// A number that nothing has yet.
    pub(super) fn next(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    /// Lets `change` happen to the thing of that id, at that time. Of several orders for the power, the last counts.
    pub(super) fn plan(&mut self, at: Timestamp, id: &str, change: Change) {
        if change.is_of_power() {
            self.changes.retain(|_, (of, planned)| of != id || !planned.is_of_power());
        }
        let number = self.next();
        self.due.insert((at, number));
        self.changes.insert(number, (id.to_owned(), change));
    }

    /// Lets everything happen that was to happen by now.
    pub(super) fn settle(&mut self, moment: &Moment<'_>) {
        while let Some(&(at, number)) = self.due.first().filter(|(at, _)| *at <= moment.now) {
            self.due.remove(&(at, number));
            if let Some((id, change)) = self.changes.remove(&number) {
                change.happen(self, &id, &Moment { now: at, sim: moment.sim });
            }
        }
        while self.gone.first().is_some_and(|(at, _)| moment.now.duration_since(*at) > MEMORY) {
            if let Some((_, id)) = self.gone.pop_first() {
                self.instances.remove(&id);
            }
        }
    }

    /// The instance is destroyed. What was attached to it stays.
    pub(super) fn destroy(&mut self, id: &str, moment: &Moment<'_>) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        instance.gone_at = Some(moment.now);
        guests::act(self, id, guests::Deed::Forget, moment);
        self.gone.insert((moment.now, id.to_owned()));
        for block in self.blocks.values_mut().filter(|block| block.attached_to == id) {
            block.attached_to.clear();
        }
        moment.sim.bill.close("machine", id, moment.now);
    }
}
