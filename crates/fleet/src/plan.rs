//! What a sweep decides, as a pure function of what it saw.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use machine_core::{IntentId, Lifetime, Markers, OwnerId, ResourceKind};

use crate::ClientId;
use crate::cloud::{Listing, Thing};
use crate::ledger::{Entry, State};
use crate::report::{Action, Outcome, Reason, SweepItem};
use crate::resolve::is_unsettled;
use crate::timing::later;
use crate::wanted::carries_markers;

/// What a sweep saw of one kind of thing: the cloud first, then the ledger.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) kind: ResourceKind,
    pub(crate) owner: &'a OwnerId,
    pub(crate) listing: &'a Listing,
    /// Our lines of this kind of thing.
    pub(crate) entries: &'a [Entry],
    /// The machines' intents that are not settled as gone.
    pub(crate) machines: &'a HashSet<IntentId>,
    /// The clients that live.
    pub(crate) alive: &'a HashSet<ClientId>,
    pub(crate) now: Timestamp,
    /// Whether other owners' things go once they have expired.
    pub(crate) expired_of_others: bool,
    /// How long what is written on a thing may take to show.
    pub(crate) lag: Duration,
}

/// How long after its deadline another owner's thing is still left to that owner.
const GRACE: Duration = Duration::from_mins(10);

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// Lines whose thing was missing once and is there again, with its id.
    pub(crate) sighted: Vec<(IntentId, String)>,
    /// Things that carry our marker.
    pub(crate) ours: usize,
    pub(crate) in_order: usize,
    pub(crate) foreign: usize,
    pub(crate) unmarked: usize,
}

/// One thing to do, and the line that speaks for it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) item: SweepItem,
    pub(crate) entry: Option<Entry>,
}

impl Seen<'_> {
    /// Decides. Nothing here looks at anything but what was seen.
    pub(crate) fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        let by_intent: HashMap<IntentId, &Entry> = self.entries.iter().map(|entry| (entry.intent.id, entry)).collect();
        // Lines by the id of their thing, where the thing is on the line's own account.
        let by_id: HashMap<&str, &Entry> = self
            .entries
            .iter()
            .filter(|entry| !entry.state.is_tombstone())
            .filter_map(|entry| Some((entry.resource_id.as_deref()?, entry)))
            .collect();
        for thing in &self.listing.things {
            match &thing.markers {
                None => plan.unmarked += usize::from(!by_id.contains_key(thing.id.as_str())),
                Some(markers) if markers.owner != *self.owner => match self.long_expired(markers) {
                    // One that we are destroying already has a line that says so.
                    Some(deadline) if !by_id.contains_key(thing.id.as_str()) => {
                        let evidence =
                            format!("owner {} made it, and its deadline was {deadline:.0}", markers.owner.as_str());
                        let action = self.unless_in_use(thing);
                        plan.steps.push(self.step(thing, None, Reason::ExpiredOfAnother, evidence, action));
                    }
                    _ => plan.foreign += 1,
                },
                Some(markers) => {
                    plan.ours += 1;
                    // A thing that has a line by its own id is judged by that line.
                    if !by_id.contains_key(thing.id.as_str()) {
                        self.judge_thing(&mut plan, thing, by_intent.get(&markers.intent).copied());
                    }
                }
            }
        }
        let listed: HashMap<&str, &Thing> =
            self.listing.things.iter().map(|thing| (thing.id.as_str(), thing)).collect();
        for entry in self.entries {
            let thing = entry.resource_id.as_deref().and_then(|id| listed.get(id).copied());
            self.judge_entry(&mut plan, entry, thing);
        }
        plan
    }

    /// A thing with our marker that no line has by its id.
    fn judge_thing(&self, plan: &mut Plan, thing: &Thing, entry: Option<&Entry>) {
        let Some(entry) = entry else {
            // What is stored cannot be made again, and a lost ledger is no reason to destroy it.
            let action = if self.kind == ResourceKind::Machine { Action::Destroy } else { Action::Leave };
            let evidence = "it carries this ledger's marker, and the ledger has no record of its intent".to_owned();
            return plan.steps.push(self.step(thing, None, Reason::NoRecord, evidence, action));
        };
        let (state, since) = (entry.state.as_str(), entry.updated_at);
        match entry.state {
            // Its own line says what is to be done; this thing is what that will find.
            State::Sent | State::Uncertain => {}
            State::Bound | State::Destroying if self.is_attended(entry) => plan.in_order += 1,
            State::Bound | State::Destroying => {
                let other = entry.resource_id.as_deref().unwrap_or_default();
                let evidence = format!("its intent is {state} as `{other}`");
                plan.steps.push(self.step(thing, Some(entry), Reason::Duplicate, evidence, self.unless_in_use(thing)));
            }
            State::Gone | State::Void => {
                let evidence = format!("its intent is {state} since {since:.0}, and the provider still lists it");
                plan.steps.push(self.step(thing, Some(entry), Reason::Reappeared, evidence, self.unless_in_use(thing)));
            }
        }
    }

    /// A line, and the thing that it is bound to, where that was listed.
    fn judge_entry(&self, plan: &mut Plan, entry: &Entry, thing: Option<&Thing>) {
        let state = entry.state.as_str();
        let mut push = |reason, evidence: String, action| {
            plan.steps.push(self.entry_step(entry, reason, evidence, action));
        };
        match entry.state {
            State::Gone | State::Void => {}
            State::Sent | State::Uncertain | State::Destroying if self.is_attended(entry) => plan.in_order += 1,
            State::Sent | State::Uncertain => {
                push(
                    Reason::Unsettled,
                    format!("its request is {state}, and {}", self.absence(entry)),
                    Action::Resolve,
                );
            }
            State::Destroying => {
                push(Reason::Unfinished, format!("it is to go, and {}", self.absence(entry)), Action::Destroy);
            }
            State::Bound if thing.is_some_and(|thing| self.is_no_longer_ours(entry, thing)) => {
                let bare = thing.is_some_and(|thing| thing.markers.is_none());
                let soon = later(entry.updated_at, self.lag);
                match self.end_of(entry, thing) {
                    // Clouds that write on a thing after they have made it show it bare for a while.
                    ended if bare && soon > Timestamp::now() => match ended {
                        Some((reason, evidence)) => {
                            let evidence = format!("{evidence}; what is written on it may not show before {soon:.0}");
                            push(reason, evidence, Action::Wait);
                        }
                        None => plan.in_order += 1,
                    },
                    _ => {
                        let evidence =
                            "the ledger has it as ours, and the provider shows it without our marker".to_owned();
                        push(Reason::MarkerLost, evidence, Action::Leave);
                    }
                }
            }
            State::Bound => match self.end_of(entry, thing) {
                Some((reason, evidence)) => {
                    push(reason, evidence, thing.map_or(Action::Destroy, |thing| self.unless_in_use(thing)));
                }
                None if thing.is_none() && self.listing.complete && !self.is_attended(entry) => {
                    let evidence = "the ledger has it, and the provider's complete list has not".to_owned();
                    push(Reason::Vanished, evidence, Action::Confirm);
                }
                None => {
                    plan.in_order += 1;
                    let again = thing.filter(|_| entry.missing_since.is_some());
                    plan.sighted.extend(again.map(|thing| (entry.intent.id, thing.id.clone())));
                }
            },
        }
    }

    /// Why a bound thing must go, if it must.
    fn end_of(&self, entry: &Entry, thing: Option<&Thing>) -> Option<(Reason, String)> {
        // Both the line and the thing say until when it may stay; whichever is later was said last.
        let written = thing.and_then(|thing| thing.markers.as_ref()?.deadline);
        let deadline = entry.intent.deadline.map(|recorded| written.map_or(recorded, |written| written.max(recorded)));
        if let Some(past) = deadline.or(written).filter(|deadline| *deadline <= self.now) {
            return Some((Reason::Expired, format!("its deadline was {past:.0}")));
        }
        if entry.intent.lifetime == Lifetime::Client && !self.is_attended(entry) {
            return Some((
                Reason::ClientDied,
                format!("it was made for a client that waits for it, and {}", self.absence(entry)),
            ));
        }
        if let Some(machine) = entry.made_for.filter(|machine| !self.machines.contains(machine)) {
            return Some((
                Reason::MachineGone,
                format!("the machine of intent {machine}, for which it was made, is gone"),
            ));
        }
        None
    }

    /// The deadline of another owner's thing, where it is so long ago that it goes.
    fn long_expired(&self, markers: &Markers) -> Option<Timestamp> {
        markers.deadline.filter(|deadline| self.expired_of_others && later(*deadline, GRACE) <= self.now)
    }

    fn is_marked(&self, thing: &Thing) -> bool {
        thing.markers.as_ref().is_some_and(|markers| markers.owner == *self.owner)
    }

    /// Whether a thing that a line has as ours says otherwise. One that was taken over may not have got our marker yet.
    fn is_no_longer_ours(&self, entry: &Entry, thing: &Thing) -> bool {
        carries_markers(self.kind) && !self.is_marked(thing) && (!entry.adopted || thing.markers.is_some())
    }

    /// Whether a living client looks after it.
    fn is_attended(&self, entry: &Entry) -> bool {
        entry.client.is_some_and(|client| self.alive.contains(&client))
    }

    /// Why nobody looks after it.
    fn absence(&self, entry: &Entry) -> String {
        let why = match entry.client {
            Some(client) => format!("its client {client} has died"),
            None => "nobody looks after it".to_owned(),
        };
        match &entry.last_error {
            Some(error) => format!("{why} (last: {error})"),
            None => why,
        }
    }

    /// A volume that a machine has is not destroyed under it.
    fn unless_in_use(&self, thing: &Thing) -> Action {
        if thing.attached_to.is_some() { Action::Leave } else { Action::Destroy }
    }

    fn step(&self, thing: &Thing, entry: Option<&Entry>, reason: Reason, evidence: String, action: Action) -> Step {
        let item = SweepItem {
            resource: self.kind,
            id: Some(thing.id.clone()),
            name: thing.name.clone(),
            intent: thing.markers.as_ref().map(|markers| markers.intent),
            reason,
            evidence,
            action,
            outcome: Outcome::Planned,
        };
        Step { item, entry: entry.cloned() }
    }

    fn entry_step(&self, entry: &Entry, reason: Reason, evidence: String, action: Action) -> Step {
        debug_assert!(action != Action::Resolve || is_unsettled(entry.state), "only what is unsettled is resolved");
        let item = SweepItem {
            resource: self.kind,
            id: entry.resource_id.clone(),
            name: entry.intent.name.clone(),
            intent: Some(entry.intent.id),
            reason,
            evidence,
            action,
            outcome: Outcome::Planned,
        };
        Step { item, entry: Some(entry.clone()) }
    }
}
