//! From a recorded wish to a thing that exists, once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use machine_core::{
    Deadline, Effect, Error, ErrorKind, Intent, IntentDraft, IntentId, IntentStore, Lifetime, OwnerId, Price,
    PriceSource, RecordedIntent, Result, Retry,
};

use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::budget;
use crate::cloud::Cloud;
use crate::fleet::{CLEAN_UP_WITHIN, Inner};
use crate::ledger::{Entry, Event};
use crate::quote::Quote;
use crate::rate::Rate;
use crate::resolve::Resolved;
use crate::wanted::{Made, Wanted, carries_markers};

/// How long to wait for a price that nobody is held to.
const PRICE_WITHIN: Duration = Duration::from_secs(5);

/// Records intents together with the account that they are for and what they cost, where there is money for them.
#[derive(Debug)]
struct Recording<'a> {
    inner: &'a Inner,
    rate: Option<Rate>,
    made_for: Option<IntentId>,
}

#[async_trait]
impl IntentStore for Recording<'_> {
    fn owner(&self) -> &OwnerId {
        self.inner.ledger.owner()
    }

    async fn commit(&self, intent: &Intent) -> Result<()> {
        let Inner { ledger, account, budget, clock, .. } = self.inner;
        let sent = Entry::sent(intent.clone(), account.clone(), ledger.client().await?);
        let entry = Entry { rate: self.rate, made_for: self.made_for, ..sent };
        let costs = self.rate.is_some_and(|rate| !rate.is_free());
        if costs && budget.concerns(&intent.provider) {
            ledger.insert_checked(&entry, &|books| budget::check(budget, books, &entry, clock.now())).await
        } else {
            ledger.insert(&entry).await
        }
    }
}

/// A thing made for a caller who has not got it yet. Where that caller has gone, it is destroyed.
#[derive(Debug)]
struct Delivery {
    made: Option<Made>,
    lifetime: Lifetime,
    inner: Arc<Inner>,
    runtime: tokio::runtime::Handle,
    /// Keeps [`Fleet::finish`](crate::Fleet::finish) waiting while it is undecided who gets what was made.
    _undecided: TaskTrackerToken,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let (Some(made), Lifetime::Client) = (self.made.take(), self.lifetime) {
            let inner = Arc::clone(&self.inner);
            // On a runtime that is ending this does nothing, and the sweep finds a dead client's machine.
            self.inner.work.spawn_on(async move { inner.clean_up(&made).await }, &self.runtime);
        }
    }
}

impl Inner {
    /// Creates what is wanted in a task of its own, so that a caller who stops waiting tears no request in the middle.
    pub(crate) async fn create(
        self: &Arc<Self>,
        wanted: Wanted,
        lifetime: Lifetime,
        deadline: Option<Timestamp>,
        made_for: Option<IntentId>,
    ) -> Result<Made> {
        let inner = Arc::clone(self);
        let runtime = tokio::runtime::Handle::current();
        let mut delivery = self
            .detach(async move {
                let made = inner.create_in_order(wanted, lifetime, deadline, made_for);
                let made = made.await.map_err(inner.named("create"))?;
                let undecided = inner.work.token();
                Ok(Delivery { made: Some(made), lifetime, inner, runtime, _undecided: undecided })
            })
            .await?;
        delivery.made.take().ok_or_else(|| Error::new(ErrorKind::Protocol, "what was made was delivered twice"))
    }

    /// Records the wish, and has it fulfilled once, in `region` where that is one of several.
    pub(crate) async fn create_once(
        &self,
        wanted: &Wanted,
        region: Option<&str>,
        lifetime: Lifetime,
        deadline: Option<Timestamp>,
        made_for: Option<IntentId>,
    ) -> Result<Made> {
        if let Some(past) = deadline.filter(|deadline| *deadline <= self.clock.now()) {
            return Err(Error::new(ErrorKind::Invalid, format!("the deadline {past} has passed already")));
        }
        Cloud(&*self.provider).must_have(wanted.kind())?;
        if let Wanted::Machine(spec) = wanted {
            // What is refused anyway is not priced, recorded or announced first.
            self.provider.capabilities().allow(self.provider.info(), spec)?;
        }
        self.refuse_twin(wanted).await?;
        let draft = IntentDraft {
            resource: wanted.kind(),
            name: wanted.name(),
            provider: self.provider.info().kind.to_owned(),
            lifetime,
            deadline,
        };
        let store = Recording { inner: self, rate: self.rate(wanted).await?, made_for };
        let recorded = RecordedIntent::record(&store, draft).await?;
        if let Some((announce, rate)) = self.announce.as_ref().zip(store.rate.filter(|rate| !rate.is_free())) {
            let name = wanted.name();
            let region = region.map(str::to_owned);
            announce.0(&Quote { name, region, rate, from: recorded.intent().minted_at, deadline });
        }
        let outcome =
            match tokio::time::timeout(self.create_within, Cloud(&*self.provider).create(&recorded, wanted)).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    let what = format!("creating `{}` took longer than {:?}", wanted.name(), self.create_within);
                    Err(Error::new(ErrorKind::Timeout, what).with_effect(Effect::Unknown))
                }
            };
        let intent = recorded.intent();
        match outcome {
            Ok(made) => self.bind(intent, made).await,
            Err(error) => match error.effect() {
                Effect::None => {
                    self.note(intent, &Event::Refused(error.to_string())).await;
                    Err(error)
                }
                Effect::Unknown => self.look_into(intent, error).await,
                Effect::Applied => self.salvage(intent, error).await,
            },
        }
    }

    /// What carries no markers is found again by what it is, so that there must be none like it before.
    async fn refuse_twin(&self, wanted: &Wanted) -> Result<()> {
        let (kind, name) = (wanted.kind(), wanted.name());
        if carries_markers(kind) {
            return Ok(());
        }
        let listing = Cloud(&*self.provider).list(kind, &name).await?;
        match listing.things.into_iter().find(|thing| thing.name == name) {
            Some(twin) => {
                let what = format!("the {} `{name}` is there already", kind.as_str());
                Err(Error::new(ErrorKind::AlreadyExists, what).with_context("id", twin.id))
            }
            None => Ok(()),
        }
    }

    /// What it will cost. None where that is not known and no budget asks.
    async fn rate(&self, wanted: &Wanted) -> Result<Option<Rate>> {
        let capabilities = self.provider.capabilities();
        if capabilities.price_source == PriceSource::Free {
            return Ok(Some(Rate::FREE));
        }
        let limited = self.budget.concerns(self.provider.info().kind);
        let known = match wanted {
            Wanted::Machine(spec) => {
                let asked = self.provider.catalog().price(spec);
                let price = if limited {
                    asked.await?
                } else {
                    // It is only told. What is wrong with the wish, or with the cloud, the create itself says.
                    tokio::time::timeout(PRICE_WITHIN, asked).await.ok().and_then(Result::ok).flatten()
                };
                price.map(|price| Rate::new(price, &capabilities.billing))
            }
            Wanted::Volume(spec) => Rate::of_volume(spec.size_gib, &capabilities.billing),
            Wanted::Snapshot(_) => None,
            Wanted::SshKey(_) | Wanted::DnsRecord(_) => Some(Rate::FREE),
        };
        let assumed = || {
            let price = Price { hourly: self.budget.unknown_hour?, monthly_cap: None };
            Some(Rate::new(price, &capabilities.billing))
        };
        match known.or_else(assumed) {
            None if limited => Err(budget::unknown(&wanted.name())),
            rate => Ok(rate),
        }
    }

    /// Writes down what exists now. Where that fails, what was made for its client is not left standing.
    async fn bind(&self, intent: &Intent, made: Made) -> Result<Made> {
        let Err(error) = self.ledger.apply(intent.id, &Event::Bound(made.id())).await else {
            return Ok(made);
        };
        let id = made.id();
        if error.kind() == ErrorKind::Conflict {
            // Somebody has settled the intent as something else meanwhile, so there is nobody who would look after this.
            self.clean_up(&made).await;
            let what =
                format!("`{}` was created and destroyed again, because its intent was given up meanwhile", intent.name);
            return Err(Error::new(ErrorKind::Conflict, what).with_context("id", id).with_source(error));
        }
        if intent.lifetime == Lifetime::Client {
            // The line stays `sent`, and a sweep finds that nothing is left of it; or that something is.
            let asked = Cloud(&*self.provider).destroy(intent.resource, &id).await;
            tracing::warn!(id, ok = asked.is_ok(), "destroyed what could not be written down");
        }
        Err(error.with_effect(Effect::Applied).with_context("id", id).with_hint(
            "it was created and could not be written down; `machine gc` settles it once the ledger can be written",
        ))
    }

    /// The outcome is unknown: look until it is not, or until there is no more time.
    async fn look_into(&self, intent: &Intent, cause: Error) -> Result<Made> {
        self.note(intent, &Event::Unclear(cause.to_string())).await;
        let resolved = self.resolve_until(intent, Deadline::after(self.resolve_within)).await;
        match resolved {
            Ok(Resolved::Found(entry)) => self.fetch(&entry).await,
            Ok(Resolved::Absent) => Err(cause
                .with_effect(Effect::None)
                .with_retry(Retry::Backoff)
                .with_context("looked into", "nothing was created, by two complete lists")),
            Ok(Resolved::Open { why }) => self.leave_open(intent, cause, why).await,
            Err(error) => self.leave_open(intent, cause, error.to_string()).await,
        }
    }

    /// It exists although the call failed. What was made to stay stays, and the error says so; the rest goes.
    async fn salvage(&self, intent: &Intent, cause: Error) -> Result<Made> {
        let resolved = self.resolve_until(intent, Deadline::after(self.resolve_within)).await;
        match resolved {
            Ok(Resolved::Found(entry)) => {
                let id = entry.resource_id.clone().unwrap_or_default();
                if intent.lifetime == Lifetime::Deadline {
                    return Err(cause.with_context("id", id));
                }
                let deadline = Deadline::after(CLEAN_UP_WITHIN);
                match self.destroy_recorded(intent.resource, &id, deadline).await {
                    Ok(_) => Err(cause.with_effect(Effect::None).with_context("destroyed again", id)),
                    Err(left) => Err(cause.with_context("not destroyed", left.to_string())),
                }
            }
            Ok(Resolved::Absent) => Err(cause.with_effect(Effect::None)),
            Ok(Resolved::Open { why }) => self.leave_open(intent, cause, why).await,
            Err(error) => self.leave_open(intent, cause, error.to_string()).await,
        }
    }

    /// There is no more time to look: the next sweep goes on.
    async fn leave_open(&self, intent: &Intent, cause: Error, why: String) -> Result<Made> {
        if let Ok(client) = self.ledger.client().await {
            self.note(intent, &Event::Abandoned { client, why: format!("{cause}; {why}") }).await;
        }
        let effect = if cause.effect() == Effect::Applied { Effect::Applied } else { Effect::Unknown };
        let hint = format!("the {} `{}` may exist; `machine gc` will settle it", intent.resource.as_str(), intent.name);
        Err(cause.with_effect(effect).with_retry(Retry::Never).with_context("looked into", why).with_hint(hint))
    }

    /// The thing that an unclear create turned out to have made.
    async fn fetch(&self, entry: &Entry) -> Result<Made> {
        let id = entry.resource_id.clone().unwrap_or_default();
        match Cloud(&*self.provider).fetch(entry.intent.resource, &id).await {
            Ok(made) => Ok(made),
            Err(error) => {
                if entry.intent.lifetime == Lifetime::Client {
                    let deadline = Deadline::after(CLEAN_UP_WITHIN);
                    let gone = self.destroy_recorded(entry.intent.resource, &id, deadline).await.is_ok();
                    let effect = if gone { Effect::None } else { Effect::Applied };
                    return Err(error.with_effect(effect).with_context("id", id));
                }
                Err(error.with_effect(Effect::Applied).with_context("id", id))
            }
        }
    }

    /// Destroys what nobody waits for any more. What does not go is in the ledger, for the sweep.
    async fn clean_up(&self, made: &Made) {
        if let Err(error) = self.destroy_recorded(made.kind(), &made.id(), Deadline::after(CLEAN_UP_WITHIN)).await {
            tracing::warn!(id = made.id(), %error, "what nobody waits for is not destroyed yet");
        }
    }

    /// Applies an event whose failure changes nothing for the caller: the line then says less than it could, and the sweep finds
    /// out for itself.
    pub(crate) async fn note(&self, intent: &Intent, event: &Event) {
        if let Err(error) = self.ledger.apply(intent.id, event).await {
            tracing::warn!(intent = %intent.id, event = event.as_str(), %error, "the ledger did not take a note");
        }
    }
}
