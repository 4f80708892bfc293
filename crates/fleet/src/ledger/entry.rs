//! One line of the ledger.

use jiff::Timestamp;
use machine_core::{AccountId, Error, ErrorKind, Intent, IntentId, Lifetime, Result};
use serde::Serialize;

use super::state::{Event, State, transition};
use crate::ClientId;
use crate::rate::Rate;

/// One line of the ledger: an intent, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The wish itself.
    #[serde(flatten)]
    pub intent: Intent,
    /// Whose bill it is on, where that was known.
    pub account: Option<AccountId>,
    /// The process that looks after it. None: nobody does, or nobody has to.
    pub client: Option<ClientId>,
    /// How far it has come.
    pub state: State,
    /// The provider's id of the thing, once known.
    pub resource_id: Option<String>,
    /// Whether the thing was there before this intent, which was only made to destroy it. Its markers, where it has any, are
    /// then not this intent's.
    pub adopted: bool,
    /// When a complete list first lacked what should be on it.
    pub missing_since: Option<Timestamp>,
    /// When this line last changed.
    pub updated_at: Timestamp,
    /// What last went wrong with it, in one sentence.
    pub last_error: Option<String>,
    /// Counts the changes, so that two processes never both make the same one.
    pub revision: i64,
    /// What the thing costs, where that was known when it was asked for.
    pub rate: Option<Rate>,
    /// The machine's intent that it was made for, with which it goes.
    pub made_for: Option<IntentId>,
}

impl Entry {
    /// A wish that `client` is about to send.
    pub fn sent(intent: Intent, account: Option<AccountId>, client: ClientId) -> Self {
        Self {
            updated_at: intent.minted_at,
            intent,
            account,
            client: Some(client),
            state: State::Sent,
            resource_id: None,
            adopted: false,
            missing_since: None,
            last_error: None,
            revision: 0,
            rate: None,
            made_for: None,
        }
    }

    /// A thing made elsewhere that `client` is about to destroy.
    pub fn adopted(intent: Intent, account: Option<AccountId>, client: ClientId, resource_id: String) -> Self {
        Self {
            state: State::Destroying,
            resource_id: Some(resource_id),
            adopted: true,
            ..Self::sent(intent, account, client)
        }
    }

    /// A thing made elsewhere that is ours from now on, and costs that from now on.
    pub fn taken_over(intent: Intent, account: Option<AccountId>, resource_id: String, rate: Option<Rate>) -> Self {
        Self {
            updated_at: intent.minted_at,
            intent,
            account,
            client: None,
            state: State::Bound,
            resource_id: Some(resource_id),
            adopted: true,
            rate,
            made_for: None,
            missing_since: None,
            last_error: None,
            revision: 0,
        }
    }

    /// Whether there is something left to do about it: while it is sent, uncertain or destroying, or bound for only as long
    /// as its client lives.
    pub fn is_open(&self) -> bool {
        match self.state {
            State::Sent | State::Uncertain | State::Destroying => true,
            State::Bound => self.intent.lifetime == Lifetime::Client,
            State::Gone | State::Void => false,
        }
    }

    /// The line after `event` at `now`.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the event does not fit the state, or speaks of another thing than this line.
    pub fn after(&self, event: &Event, now: Timestamp) -> Result<Self> {
        let state = transition(self.state, event)?;
        let mut next = Self { state, updated_at: now, revision: self.revision + 1, ..self.clone() };
        match event {
            Event::Bound(id) => {
                self.must_be(id)?;
                next.resource_id = Some(id.clone());
                next.missing_since = None;
                next.last_error = None;
                // What is made to stay needs nobody to look after it.
                next.client = self.client.filter(|_| self.intent.lifetime == Lifetime::Client);
            }
            Event::Destroy { resource_id, client } => {
                // A tombstone's thing may turn up again under another id: a create that took effect twice.
                if !self.state.is_tombstone() {
                    self.must_be(resource_id)?;
                }
                next.resource_id = Some(resource_id.clone());
                next.client = Some(*client);
                next.missing_since = None;
            }
            Event::Refused(why) => {
                next.client = None;
                next.last_error = Some(why.clone());
            }
            Event::Unclear(why) => next.last_error = Some(why.clone()),
            Event::Missing => next.missing_since = Some(self.missing_since.unwrap_or(now)),
            Event::Absent | Event::Gone => next.client = None,
            Event::Released => next.made_for = None,
            Event::Withdrawn => next.client = next.client.filter(|_| self.intent.lifetime == Lifetime::Client),
            Event::Abandoned { client, why } => {
                // Another process may have taken it on meanwhile.
                if self.client == Some(*client) {
                    next.client = None;
                }
                next.last_error = Some(why.clone());
            }
        }
        Ok(next)
    }

    fn must_be(&self, id: &str) -> Result<()> {
        match &self.resource_id {
            Some(known) if known != id => {
                let what = format!("the ledger has this intent bound to `{known}`, not to `{id}`");
                Err(Error::new(ErrorKind::Conflict, what))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
