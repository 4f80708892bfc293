//! Destroying until it is proved gone.

use std::sync::Arc;

use jiff::Timestamp;
use machine_core::{
    AccountId, Deadline, Destroyed, Effect, Error, ErrorKind, Intent, IntentId, Lifetime, ResourceKind, Result, Retry,
};

use crate::cloud::{Cloud, Thing};
use crate::fleet::Inner;
use crate::ledger::{Entry, Event, State};
use crate::resolve::is_unsettled;
use crate::timing::Backoff;

impl Inner {
    /// Destroys a thing in a task of its own, so that it goes on when the caller stops waiting.
    pub(crate) async fn destroy(
        self: &Arc<Self>,
        kind: ResourceKind,
        id: String,
        deadline: Deadline,
    ) -> Result<Destroyed> {
        Cloud(&*self.provider).must_have(kind)?;
        let inner = Arc::clone(self);
        let work = async move { inner.destroy_recorded(kind, &id, deadline).await.map_err(inner.named("destroy")) };
        self.detach(work).await
    }

    /// Records that the thing is to go, destroys it until it is proved gone, and records that.
    pub(crate) async fn destroy_recorded(&self, kind: ResourceKind, id: &str, deadline: Deadline) -> Result<Destroyed> {
        if kind == ResourceKind::Volume {
            self.refuse_attached(id).await?;
        }
        let Some(entry) = self.record_destroying(kind, id).await? else { return Ok(Destroyed::AlreadyGone) };
        let mut attempts = Attempts { entry: &entry, id, accepted: false, last: None };
        match self.until_gone(&mut attempts, deadline).await {
            Ok(how) => {
                self.ledger.apply(entry.intent.id, &Event::Gone).await?;
                if kind == ResourceKind::Machine {
                    self.destroy_belongings(entry.intent.id, deadline).await?;
                }
                Ok(how)
            }
            Err(error) if kind == ResourceKind::Volume && error.kind() == ErrorKind::Conflict && !attempts.accepted => {
                // Attached in the meantime. Whoever asked is told so, and nothing may destroy it later unasked.
                self.ledger.apply(entry.intent.id, &Event::Withdrawn).await?;
                Err(error)
            }
            Err(error) => {
                if let Some(client) = entry.client {
                    self.note(&entry.intent, &Event::Abandoned { client, why: error.to_string() }).await;
                }
                Err(not_destroyed(&entry.intent, id, error))
            }
        }
    }

    /// A volume that a machine has is refused before anything is recorded.
    async fn refuse_attached(&self, id: &str) -> Result<()> {
        let volume = Cloud(&*self.provider).get(ResourceKind::Volume, id).await?;
        match volume.and_then(|volume| volume.attached_to) {
            Some(machine) => {
                let what = format!("the volume `{id}` is attached to the machine `{machine}`");
                Err(Error::new(ErrorKind::Conflict, what).with_hint("detach it first"))
            }
            None => Ok(()),
        }
    }

    /// Writes down that the thing is to go. None where there is nothing to go.
    async fn record_destroying(&self, kind: ResourceKind, id: &str) -> Result<Option<Entry>> {
        let provider = self.provider.info().kind;
        let client = self.ledger.client().await?;
        let known = self.ledger.find(provider, kind, id).await?.filter(|entry| self.is_ours(entry));
        let intent = match known {
            Some(entry) if !entry.state.is_tombstone() && self.concerns(&entry) => entry.intent.id,
            other => {
                let Some(thing) = Cloud(&*self.provider).get(kind, id).await? else {
                    return self.refuse_elsewhere(other.as_ref(), id).map(|()| None);
                };
                match other {
                    Some(entry) => entry.intent.id,
                    None => match self.maker(&thing).await? {
                        Some(intent) => intent,
                        None => return self.record_stranger(&thing).await.map(Some),
                    },
                }
            }
        };
        let event = Event::Destroy { resource_id: id.to_owned(), client };
        self.ledger.apply(intent, &event).await.map(Some)
    }

    /// What is not in this account is not gone where the ledger has it in another one.
    fn refuse_elsewhere(&self, entry: Option<&Entry>, id: &str) -> Result<()> {
        let Some(entry) = entry.filter(|entry| !entry.state.is_tombstone()) else { return Ok(()) };
        let named = |account: Option<&AccountId>| account.map_or("unknown", AccountId::as_str).to_owned();
        let what = format!(
            "the {} `{}` ({id}) was made in the account `{}`, and the credential is for `{}`",
            entry.intent.resource.as_str(),
            entry.intent.name,
            named(entry.account.as_ref()),
            named(self.account.as_ref()),
        );
        Err(Error::new(ErrorKind::Conflict, what).with_hint("use the section or the token of that account"))
    }

    /// The intent of ours whose line this thing can take: one that has no other thing.
    async fn maker(&self, thing: &Thing) -> Result<Option<IntentId>> {
        let Some(markers) = thing.markers.as_ref().filter(|markers| markers.owner == *self.ledger.owner()) else {
            return Ok(None);
        };
        let entry = self.ledger.get(markers.intent).await?;
        let free = |entry: &Entry| self.is_ours(entry) && (is_unsettled(entry.state) || entry.state.is_tombstone());
        Ok(entry.filter(free).map(|entry| entry.intent.id))
    }

    /// A line for a thing that the ledger does not know.
    async fn record_stranger(&self, thing: &Thing) -> Result<Entry> {
        let intent = Intent {
            id: IntentId::mint(),
            owner: self.ledger.owner().clone(),
            resource: thing.kind,
            name: thing.name.clone(),
            provider: self.provider.info().kind.to_owned(),
            lifetime: Lifetime::Deadline,
            deadline: None,
            minted_at: Timestamp::now(),
        };
        let client = self.ledger.client().await?;
        let entry = Entry::adopted(intent, self.account.clone(), client, thing.id.clone());
        self.ledger.insert(&entry).await?;
        Ok(entry)
    }

    /// Asks, looks, and asks again, until the thing is proved gone. The error is the last thing that stood in the way.
    async fn until_gone(&self, attempts: &mut Attempts<'_>, deadline: Deadline) -> Result<Destroyed> {
        let mut backoff = Backoff::new();
        loop {
            let step = match tokio::time::timeout(deadline.remaining(), self.attempt(attempts)).await {
                Ok(step) => step,
                Err(_) => Step::Again(None),
            };
            let asked = match step {
                Step::Gone => return Ok(if attempts.accepted { Destroyed::Accepted } else { Destroyed::AlreadyGone }),
                Step::Hopeless(error) => return Err(error),
                Step::Again(asked) => asked,
            };
            if !backoff.pause(deadline, asked).await {
                let late = || Error::new(ErrorKind::Timeout, "the time given for it is over");
                return Err(attempts.last.take().unwrap_or_else(late));
            }
        }
    }

    /// One request to destroy, and one look at what came of it.
    async fn attempt(&self, attempts: &mut Attempts<'_>) -> Step {
        let (cloud, kind) = (Cloud(&*self.provider), attempts.entry.intent.resource);
        let mut asked = None;
        match cloud.destroy(kind, attempts.id).await {
            Ok(Destroyed::Accepted) => attempts.accepted = true,
            Ok(Destroyed::AlreadyGone) => {}
            Err(error) => {
                if error.effect() != Effect::None {
                    attempts.accepted = true;
                } else if is_hopeless(kind, &error) {
                    return Step::Hopeless(error);
                }
                if let Retry::After(pause) = error.retry() {
                    asked = Some(pause);
                }
                attempts.last = Some(error);
            }
        }
        match self.is_gone(attempts).await {
            Ok(None) => Step::Gone,
            Ok(Some(why)) => {
                attempts.last.get_or_insert_with(|| Error::new(ErrorKind::Timeout, why));
                Step::Again(asked)
            }
            Err(error) => {
                attempts.last = Some(error);
                Step::Again(asked)
            }
        }
    }

    /// None when both the thing's own address and a complete list say that it is gone; else what speaks against it.
    async fn is_gone(&self, attempts: &Attempts<'_>) -> Result<Option<&'static str>> {
        let (cloud, intent) = (Cloud(&*self.provider), &attempts.entry.intent);
        if cloud.get(intent.resource, attempts.id).await?.is_some() {
            return Ok(Some("the provider accepted, and it is still there"));
        }
        // What an intent made is a list of its own. An adopted thing was made by another.
        let listing = if attempts.entry.adopted {
            cloud.list(intent.resource, attempts.id).await?
        } else {
            cloud.find(intent).await?
        };
        Ok(match listing.has(attempts.id) {
            true => Some("it is gone by itself, and the list still has it"),
            false if !listing.complete => Some("it is gone by itself, and no complete list confirms that"),
            false => None,
        })
    }

    /// Whether what the ledger says of the thing can still be acted upon: no other process has changed it since `seen`.
    pub(crate) async fn is_unchanged(&self, seen: &Entry) -> Result<bool> {
        let now = self.ledger.get(seen.intent.id).await?;
        Ok(now.is_some_and(|now| now.revision == seen.revision && now.state != State::Gone))
    }
}

/// What was tried so far.
struct Attempts<'a> {
    entry: &'a Entry,
    id: &'a str,
    /// Whether the cloud may have begun.
    accepted: bool,
    last: Option<Error>,
}

enum Step {
    Gone,
    /// Asking again would be answered in the same way.
    Hopeless(Error),
    /// After this pause at least.
    Again(Option<std::time::Duration>),
}

/// Whether repeating a refused destroy is pointless. A machine's state can pass; a volume's machine does not go by itself.
fn is_hopeless(kind: ResourceKind, error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Conflict => kind == ResourceKind::Volume,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::Unsupported | ErrorKind::Config => true,
        // That a cloud calls a good request invalid has passed before: it meant a state.
        _ => false,
    }
}

fn not_destroyed(intent: &Intent, id: &str, cause: Error) -> Error {
    let what = format!("the {} `{}` ({id}) is not destroyed: {cause}", intent.resource.as_str(), intent.name);
    let mut error = Error::new(ErrorKind::NotDestroyed, what)
        .with_effect(Effect::Unknown)
        .with_retry(Retry::Backoff)
        .with_hint("it may go on costing money; the ledger keeps it, and `machine gc` tries again")
        .with_context("id", id.to_owned())
        .with_context("cause", cause.kind().as_str().to_owned());
    if let Some(request) = cause.request_id() {
        error = error.with_request_id(request.to_owned());
    }
    error.with_source(cause)
}
