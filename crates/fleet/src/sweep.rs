//! Settling the difference between what the cloud has and what the ledger says.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use machine_core::{AccountId, Deadline, ErrorKind, IntentId, Lifetime, ResourceKind, Result};

use crate::ClientId;
use crate::cloud::{Cloud, Listing};
use crate::fleet::Inner;
use crate::ledger::{Entry, Event};
use crate::plan::{Plan, Seen, Step};
use crate::report::{Action, Brake, Elsewhere, Outcome, Reason, SweepItem, SweepOptions, SweepReport};
use crate::resolve::Resolved;
use crate::wanted::in_domain;

/// How long tombstones are kept: longer than any create takes effect late, or any list lags.
const TOMBSTONE: Duration = Duration::from_hours(72);
/// How many things are settled at a time.
const AT_ONCE: usize = 8;

/// What the cloud has.
#[derive(Debug)]
struct Stock {
    listings: Vec<(ResourceKind, Listing)>,
    /// What could not be listed, one sentence each.
    problems: Vec<String>,
    complete: bool,
}

/// What the ledger says apart from the lines that are judged.
#[derive(Debug)]
struct Known {
    /// The clients that live.
    alive: HashSet<ClientId>,
    /// The machines' intents that are not settled as gone.
    machines: HashSet<IntentId>,
}

fn machines(entries: &[Entry]) -> HashSet<IntentId> {
    let machines = entries.iter().filter(|entry| entry.intent.resource == ResourceKind::Machine);
    machines.filter(|entry| !entry.state.is_tombstone()).map(|entry| entry.intent.id).collect()
}

/// How often an unsettled intent is looked into.
#[derive(Debug, Clone, Copy)]
enum Looks {
    /// Once: the next sweep looks again.
    Once,
    /// Until it is known what came of it, or the time is over.
    UntilKnown,
}

impl Inner {
    /// One sweep over machines, then volumes.
    pub(crate) async fn sweep(self: Arc<Self>, options: SweepOptions) -> Result<SweepReport> {
        self.sweep_all(options).await.map_err(self.named("sweep"))
    }

    async fn sweep_all(&self, options: SweepOptions) -> Result<SweepReport> {
        // The cloud before the ledger: a thing that is listed has its line by then.
        let Stock { listings, problems, complete } = self.take_stock().await?;
        let mut entries = self.ledger.entries(self.provider.info().kind).await?;
        entries.retain(|entry| self.is_ours(entry));
        let machines = machines(&entries);
        let elsewhere = self.set_apart(&mut entries, &listings);
        let known = Known { alive: self.living(&entries).await?, machines };
        let others = options.expired_of_others;
        let plan = |(kind, listing): &(ResourceKind, Listing)| self.plan(*kind, listing, &entries, &known, others);
        let mut plans: Vec<_> = listings.iter().map(plan).collect();
        let mut report = SweepReport {
            items: Vec::new(),
            brake: None,
            complete,
            problems,
            in_order: plans.iter().map(|plan| plan.in_order).sum(),
            foreign: plans.iter().map(|plan| plan.foreign).sum(),
            unmarked: plans.iter().map(|plan| plan.unmarked).sum(),
            elsewhere,
            forgotten: 0,
        };
        let sighted: Vec<_> = plans.iter_mut().flat_map(|plan| std::mem::take(&mut plan.sighted)).collect();
        let steps = brake(plans, &options, &mut report);
        if options.dry_run {
            report.items.extend(steps.into_iter().map(|step| step.item));
            return Ok(report);
        }
        for (intent, id) in sighted {
            // It may be settled as something else by now; then there is nothing to note.
            let noted = self.ledger.apply(intent, &Event::Bound(id)).await;
            tracing::debug!(%intent, ok = noted.is_ok(), "what was missing is there again");
        }
        let settled = futures::stream::iter(steps).map(|step| self.settle_step(step, Looks::Once, options.deadline));
        report.items.extend(settled.buffered(AT_ONCE).collect::<Vec<_>>().await);
        if let Ok(before) = Timestamp::now().checked_sub(TOMBSTONE) {
            report.forgotten = self.ledger.prune(before).await?;
        }
        Ok(report)
    }

    /// Lists what the account has: machines and volumes whoever made them, anything else where the ledger has lines of it.
    async fn take_stock(&self) -> Result<Stock> {
        let cloud = Cloud(&*self.provider);
        let machines = cloud.list(ResourceKind::Machine, "").await?;
        let (mut problems, mut complete) = (machines.problems.clone(), machines.complete);
        let mut listings = vec![(ResourceKind::Machine, machines)];
        let volumes = self.provider.volumes().map(|_| (ResourceKind::Volume, vec![String::new()]));
        for (kind, places) in volumes.into_iter().chain(self.places().await?) {
            match self.list_places(kind, &places).await {
                Ok(listing) => listings.push((kind, listing)),
                Err(error) => {
                    problems.push(format!("the {}s cannot be listed: {error}", kind.as_str()));
                    complete = false;
                }
            }
        }
        Ok(Stock { listings, problems, complete })
    }

    /// Where to look for what else the ledger has: each domain for its records, one place for anything else.
    async fn places(&self) -> Result<Vec<(ResourceKind, Vec<String>)>> {
        let mut entries = self.ledger.entries(self.provider.info().kind).await?;
        entries.retain(|entry| self.concerns(entry) && !entry.state.is_tombstone());
        let kinds = [ResourceKind::Snapshot, ResourceKind::SshKey, ResourceKind::DnsRecord].into_iter();
        let places = kinds.map(|kind| {
            let of_kind = entries.iter().filter(|entry| entry.intent.resource == kind);
            let place = |entry: &Entry| match kind {
                ResourceKind::DnsRecord => in_domain(&entry.intent.name).map(|(domain, _)| format!("{domain}/")),
                _ => Ok(String::new()),
            };
            Ok((kind, of_kind.map(place).collect::<Result<BTreeSet<_>>>()?.into_iter().collect()))
        });
        let mut places = places.collect::<Result<Vec<(_, Vec<_>)>>>()?;
        places.retain(|(_, places)| !places.is_empty());
        Ok(places)
    }

    /// One list of all that is in these places.
    async fn list_places(&self, kind: ResourceKind, places: &[String]) -> Result<Listing> {
        let mut all = Listing { things: Vec::new(), complete: true, problems: Vec::new(), as_of: Timestamp::now() };
        for place in places {
            let listing = Cloud(&*self.provider).list(kind, place).await?;
            all.complete &= listing.complete;
            all.things.extend(listing.things);
        }
        Ok(all)
    }

    /// Takes the lines of other accounts out of `entries`, and counts them. One whose thing is listed here is about this account,
    /// whatever it is called now: an intent is made once.
    fn set_apart(&self, entries: &mut Vec<Entry>, listings: &[(ResourceKind, Listing)]) -> Vec<Elsewhere> {
        let things = listings.iter().flat_map(|(_, listing)| &listing.things);
        let seen: HashSet<_> = things.filter_map(|thing| Some(thing.markers.as_ref()?.intent)).collect();
        let mut elsewhere = BTreeMap::<AccountId, Elsewhere>::new();
        entries.retain(|entry| {
            let here = self.concerns(entry) || seen.contains(&entry.intent.id);
            if let Some(account) = entry.account.as_ref().filter(|_| !here && !entry.state.is_tombstone()) {
                let of = Elsewhere { account: account.clone(), lines: 0, open: 0 };
                let of = elsewhere.entry(account.clone()).or_insert(of);
                of.lines += 1;
                of.open += usize::from(entry.is_open());
            }
            here
        });
        elsewhere.into_values().collect()
    }

    fn plan(
        &self,
        kind: ResourceKind,
        listing: &Listing,
        entries: &[Entry],
        known: &Known,
        expired_of_others: bool,
    ) -> Plan {
        let entries: Vec<_> = entries.iter().filter(|entry| entry.intent.resource == kind).cloned().collect();
        let owner = self.ledger.owner();
        let now = self.clock.now();
        let lag = self.settle.apart;
        let Known { alive, machines } = known;
        Seen { kind, owner, listing, entries: &entries, alive, machines, now, expired_of_others, lag }.plan()
    }

    /// Which of the clients that look after `entries` are alive.
    pub(crate) async fn living(&self, entries: &[Entry]) -> Result<HashSet<ClientId>> {
        let clients: BTreeSet<_> = entries.iter().filter_map(|entry| entry.client).collect();
        let mut alive = HashSet::new();
        for client in clients {
            if self.ledger.is_alive(client).await? {
                alive.insert(client);
            }
        }
        Ok(alive)
    }

    /// The open lines of one dead client.
    pub(crate) async fn settle(self: Arc<Self>, client: ClientId, deadline: Deadline) -> Result<Vec<SweepItem>> {
        let named = self.named("settle");
        if self.ledger.is_alive(client).await? {
            let what = format!("the client {client} lives, and looks after its intents itself");
            return Err(named(machine_core::Error::new(ErrorKind::Conflict, what)));
        }
        let mut entries = self.ledger.open_entries().await.map_err(&named)?;
        entries.retain(|entry| self.concerns(entry) && entry.client == Some(client));
        // Of an open line of a dead client nothing more is asked than that.
        let known = Known { alive: HashSet::new(), machines: HashSet::new() };
        let steps = ResourceKind::ALL.map(|kind| {
            // Nothing was listed, so nothing is believed to be gone; what is bound is destroyed by its id.
            let listing =
                Listing { things: Vec::new(), complete: false, problems: Vec::new(), as_of: Timestamp::now() };
            self.plan(kind, &listing, &entries, &known, false).steps
        });
        let settled = futures::stream::iter(steps.into_iter().flatten());
        Ok(settled.map(|step| self.settle_step(step, Looks::UntilKnown, deadline)).buffered(AT_ONCE).collect().await)
    }

    /// Does one step, and says what came of it.
    async fn settle_step(&self, mut step: Step, looks: Looks, deadline: Deadline) -> SweepItem {
        if step.item.action == Action::Wait {
            step.item.outcome = Outcome::Open("it is looked at again later".to_owned());
        } else if step.item.action != Action::Leave {
            step.item.outcome = match self.act(&step, looks, deadline).await {
                Ok(outcome) => outcome,
                // A volume's conflict may be with the machine that has it, and then it is nobody else's work.
                Err(error) if error.kind() == ErrorKind::Conflict && step.item.resource != ResourceKind::Volume => {
                    Outcome::LeftToOthers
                }
                Err(error) => Outcome::Open(error.to_string()),
            };
        }
        step.item
    }

    async fn act(&self, step: &Step, looks: Looks, deadline: Deadline) -> Result<Outcome> {
        if let Some(entry) = &step.entry
            && !self.is_unchanged(entry).await?
            && step.item.reason != Reason::Reappeared
        {
            return Ok(Outcome::LeftToOthers);
        }
        match (step.item.action, step.item.id.as_deref(), &step.entry) {
            (Action::Destroy, Some(id), _) => self.destroy_seen(step, id, deadline).await,
            (Action::Resolve, _, Some(entry)) => self.resolve_and_end(entry, looks, deadline).await,
            (Action::Confirm, Some(id), Some(entry)) => self.confirm_gone(entry, id).await,
            _ => Ok(Outcome::Planned),
        }
    }

    /// Destroys a thing, unless it is no longer what the plan took it for.
    async fn destroy_seen(&self, step: &Step, id: &str, deadline: Deadline) -> Result<Outcome> {
        let kind = step.item.resource;
        let reason = step.item.reason;
        let by_marker = matches!(reason, Reason::NoRecord | Reason::Reappeared | Reason::Duplicate);
        if by_marker || reason == Reason::ExpiredOfAnother {
            let Some(thing) = Cloud(&*self.provider).get(kind, id).await? else { return Ok(Outcome::Destroyed) };
            let markers = thing.markers.as_ref();
            let ours = markers.is_some_and(|markers| markers.owner == *self.ledger.owner());
            if by_marker && !ours {
                return Ok(Outcome::Open("it no longer carries our marker".to_owned()));
            }
            // Its owner may have given it more time.
            let over =
                markers.and_then(|markers| markers.deadline).is_some_and(|deadline| deadline <= self.clock.now());
            if !by_marker && (ours || !over) {
                return Ok(Outcome::LeftToOthers);
            }
        }
        self.destroy_recorded(kind, id, deadline).await.map(|_| Outcome::Destroyed)
    }

    async fn resolve_and_end(&self, entry: &Entry, looks: Looks, deadline: Deadline) -> Result<Outcome> {
        let resolved = match looks {
            Looks::UntilKnown => self.resolve_until(&entry.intent, deadline).await?,
            Looks::Once => match tokio::time::timeout(deadline.remaining(), self.resolve_once(&entry.intent)).await {
                Ok(resolved) => resolved?,
                Err(_) => Resolved::Open { why: "the sweep's time is over".to_owned() },
            },
        };
        match resolved {
            Resolved::Absent => Ok(Outcome::NeverMade),
            Resolved::Open { why } => Ok(Outcome::Open(why)),
            Resolved::Found(bound) => self.keep_or_destroy(&bound, deadline).await,
        }
    }

    /// What an unsettled intent turned out to have made: kept where it was made to stay and may still do so.
    async fn keep_or_destroy(&self, bound: &Entry, deadline: Deadline) -> Result<Outcome> {
        let expired = bound.intent.deadline.is_some_and(|deadline| deadline <= self.clock.now());
        if bound.intent.lifetime == Lifetime::Deadline && !expired {
            return Ok(Outcome::Kept);
        }
        let id = bound.resource_id.as_deref().unwrap_or_default();
        self.destroy_recorded(bound.intent.resource, id, deadline).await.map(|_| Outcome::Destroyed)
    }

    /// A bound thing that a complete list lacks is gone when its own address says so too, and stays so.
    async fn confirm_gone(&self, entry: &Entry, id: &str) -> Result<Outcome> {
        if Cloud(&*self.provider).get(entry.intent.resource, id).await?.is_some() {
            return Ok(Outcome::Open("the list has not got it, and it is there".to_owned()));
        }
        let noted = self.ledger.apply(entry.intent.id, &Event::Missing).await?;
        let (first, now) = (noted.missing_since.unwrap_or(noted.updated_at), Timestamp::now());
        if self.settle.proves(entry.intent.minted_at, first, now) {
            self.ledger.apply(entry.intent.id, &Event::Gone).await?;
            return Ok(Outcome::Destroyed);
        }
        let earliest = self.settle.earliest(entry.intent.minted_at, first);
        Ok(Outcome::Open(format!("that it is gone is believed at {earliest:.0}")))
    }
}

/// Holds back what the ledger has no record of where there is too much of it, and hands out the rest.
fn brake(plans: Vec<Plan>, options: &SweepOptions, report: &mut SweepReport) -> Vec<Step> {
    let ours = plans.iter().map(|plan| plan.ours).sum();
    let mut steps: Vec<_> = plans.into_iter().flat_map(|plan| plan.steps).collect();
    let unrecorded = |step: &Step| step.item.reason == Reason::NoRecord && step.item.action == Action::Destroy;
    report.brake = Brake::on(steps.iter().filter(|step| unrecorded(step)).count(), ours).filter(|_| !options.confirmed);
    if report.brake.is_some() {
        let (held, rest): (Vec<_>, Vec<_>) = steps.into_iter().partition(unrecorded);
        report.items.extend(held.into_iter().map(|step| SweepItem { outcome: Outcome::Held, ..step.item }));
        steps = rest;
    }
    steps
}
