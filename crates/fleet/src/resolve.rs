//! Finding out what came of a request of unknown outcome.

use std::time::Duration;

use machine_core::{Deadline, Intent, Result};

use crate::cloud::{Cloud, Listing, Thing};
use crate::fleet::{CLEAN_UP_WITHIN, Inner};
use crate::ledger::{Entry, Event, State};
use crate::timing::Backoff;
use crate::wanted::carries_markers;

/// What is known of an intent after a look.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// It made a thing, and its line says so.
    Found(Box<Entry>),
    /// It is proved to have made nothing, and its line says so.
    Absent,
    /// Nobody knows yet.
    Open {
        /// Why not.
        why: String,
    },
}

impl Inner {
    /// Looks, with growing pauses, until it is known what `intent` made.
    pub(crate) async fn resolve_until(&self, intent: &Intent, deadline: Deadline) -> Result<Resolved> {
        let mut backoff = Backoff::new();
        loop {
            let looked = match tokio::time::timeout(deadline.remaining(), self.resolve_once(intent)).await {
                Ok(looked) => looked,
                Err(_) => Ok(Resolved::Open { why: "the look took too long".to_owned() }),
            };
            let asked = match &looked {
                Ok(Resolved::Open { .. }) => None,
                Ok(_) => return looked,
                Err(error) => match error.retry() {
                    machine_core::Retry::Never => return looked,
                    machine_core::Retry::Backoff => None,
                    machine_core::Retry::After(pause) => Some(pause),
                },
            };
            if !backoff.pause(deadline, asked).await {
                return looked;
            }
        }
    }

    /// Looks once (twice where two looks need no time between them) and writes down what was seen.
    pub(crate) async fn resolve_once(&self, intent: &Intent) -> Result<Resolved> {
        let cloud = Cloud(&*self.provider);
        let mut found = self.unclaimed(intent, cloud.find(intent).await?).await?;
        if found.things.is_empty() && self.is_first_sign(intent, &found).await? && self.settle.apart == Duration::ZERO {
            found = self.unclaimed(intent, cloud.find(intent).await?).await?;
        }
        match keeper(&found.things) {
            Some(thing) => {
                let entry = self.ledger.apply(intent.id, &Event::Bound(thing.id.clone())).await?;
                self.destroy_others(intent, thing, &found).await;
                Ok(Resolved::Found(Box::new(entry)))
            }
            None => self.judge_absence(intent, &found).await,
        }
    }

    /// Without what another line has. Things without markers that are alike are told apart by nothing else.
    async fn unclaimed(&self, intent: &Intent, mut found: Listing) -> Result<Listing> {
        if carries_markers(intent.resource) {
            return Ok(found);
        }
        let mut things = Vec::new();
        for thing in found.things {
            let line = self.ledger.find(&intent.provider, intent.resource, &thing.id).await?;
            if line.is_none_or(|entry| entry.intent.id == intent.id || entry.state.is_tombstone()) {
                things.push(thing);
            }
        }
        found.things = things;
        Ok(found)
    }

    /// Writes down the first complete list that lacks what `intent` would have made. True if this was it.
    async fn is_first_sign(&self, intent: &Intent, found: &Listing) -> Result<bool> {
        if !found.complete {
            return Ok(false);
        }
        let entry = self.ledger.get(intent.id).await?;
        let first = entry.is_some_and(|entry| entry.missing_since.is_none());
        if first {
            self.ledger.apply(intent.id, &Event::Missing).await?;
        }
        Ok(first)
    }

    /// Absence is believed by two complete lists, far enough apart, the second later than any request could take effect.
    async fn judge_absence(&self, intent: &Intent, found: &Listing) -> Result<Resolved> {
        if !found.complete {
            let why = "the list is not complete, so that nothing is known to be missing from it".to_owned();
            return Ok(Resolved::Open { why });
        }
        let entry = self.ledger.get(intent.id).await?;
        let first = entry.and_then(|entry| entry.missing_since).unwrap_or(found.as_of);
        if self.settle.proves(intent.minted_at, first, found.as_of) {
            self.ledger.apply(intent.id, &Event::Absent).await?;
            return Ok(Resolved::Absent);
        }
        let earliest = self.settle.earliest(intent.minted_at, first);
        Ok(Resolved::Open { why: format!("it is not there yet; that it never will be is known at {earliest:.0}") })
    }

    /// A create that took effect twice: the one that is kept is in the ledger, the others go.
    async fn destroy_others(&self, intent: &Intent, kept: &Thing, found: &Listing) {
        if !carries_markers(intent.resource) {
            // Nothing says that the others are ours.
            return;
        }
        for other in found.things.iter().filter(|other| other.id != kept.id) {
            let deadline = Deadline::after(CLEAN_UP_WITHIN);
            if let Err(error) = self.destroy_recorded(intent.resource, &other.id, deadline).await {
                tracing::warn!(id = other.id, %error, "a duplicate is not destroyed yet");
            }
        }
    }
}

/// Which of several things of one intent is kept: the oldest, and of those the first by id, so that everybody who looks keeps the
/// same one.
pub(crate) fn keeper(things: &[Thing]) -> Option<&Thing> {
    things.iter().min_by_key(|thing| (thing.created_at, &thing.id))
}

/// Whether a line's state is one that a look can settle.
pub(crate) fn is_unsettled(state: State) -> bool {
    matches!(state, State::Sent | State::Uncertain)
}
