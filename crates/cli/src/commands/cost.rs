//! `machine cost`: what was spent, what may still be, and what the budget leaves.

use std::collections::BTreeSet;

use clap::Args;
use jiff::Timestamp;
use machine_core::{Budget, Money};
use machine_fleet::{Books, Entry, Ledger as _, Rate, SqliteLedger, State, StateDir, Sums};
use serde_json::{Map, Value, json};

use crate::failure::{Failure, code};
use crate::printer::Page;
use crate::setup::Setup;
use crate::show::{self, Output, Table};

const EXAMPLES: &str = "\
Examples:
  machine cost
  machine cost --provider fly
  machine cost -o json | jq .total.month                 in millionths of a dollar";

/// Shows what was spent, what may still be, and what the budget leaves, by the ledger of this computer.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Cost {
    /// How to show it.
    #[command(flatten)]
    output: Output,
}

/// What is shown, as of a moment.
struct Account<'a> {
    books: Books,
    budget: Budget,
    /// The kind of provider that it is about; all otherwise.
    provider: Option<&'a str>,
    now: Timestamp,
}

impl Cost {
    /// Shows it. No provider is asked.
    ///
    /// # Errors
    /// A state directory or ledger that cannot be used, a budget that cannot be read, a provider that there is none of.
    pub(crate) async fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let section = setup.asked_provider()?.map(|name| setup.config.section(name)).transpose()?;
        let provider = section.as_ref().map(|section| section.kind().info().kind);
        let ledger = SqliteLedger::open(&StateDir::open(setup.state()?)?).await?;
        let (books, budget) = (ledger.books().await?, setup.config.budget()?);
        let account = Account { books, budget, provider, now: setup.surroundings.clock.now() };
        match self.output.for_programs() {
            None => setup.printer.out(account.text(setup.printer.page()))?,
            Some(format) => setup.printer.value(format, &account.json())?,
        }
        Ok(code::OK)
    }
}

impl Account<'_> {
    /// The lines that cost something.
    fn priced(&self) -> impl Iterator<Item = (&Entry, Rate)> {
        let priced = self.lines().filter_map(|entry| Some((entry, entry.rate?)));
        priced.filter(|(entry, rate)| entry.state != State::Void && !rate.is_free())
    }

    fn lines(&self) -> impl Iterator<Item = &Entry> {
        self.books.entries.iter().filter(|entry| self.provider.is_none_or(|kind| entry.intent.provider == kind))
    }

    /// How many things there are, or may be, of which nobody knows what they cost.
    fn unpriced(&self) -> usize {
        self.lines().filter(|entry| entry.rate.is_none() && !entry.state.is_tombstone()).count()
    }

    /// What the limit of a day leaves today.
    fn left(&self, limit: Money, provider: Option<&str>) -> Money {
        let sums = self.books.sums(provider, self.now);
        limit.minus(sums.today.plus(sums.held_today))
    }

    /// The limits of single providers that are shown.
    fn limits(&self) -> impl Iterator<Item = (&str, Money)> {
        let limits = self.budget.providers.iter().map(|(kind, limit)| (kind.as_str(), *limit));
        limits.filter(|(kind, _)| self.provider.is_none_or(|asked| asked == *kind))
    }

    fn text(&self, page: Page) -> String {
        let mut table = Table::new(&["PROVIDER", "KIND", "NAME", "STATE", "AN HOUR", "SPENT", "HELD", "UNTIL"]);
        for (entry, rate) in self.priced() {
            table.row([
                entry.intent.provider.clone(),
                entry.intent.resource.as_str().to_owned(),
                entry.intent.name.clone(),
                entry.state.as_str().to_owned(),
                rate.hourly.to_string(),
                entry.accrued(self.now).to_string(),
                entry.held(self.now).to_string(),
                entry.intent.deadline.map(show::time).unwrap_or_default(),
            ]);
        }
        let mut text = if self.priced().next().is_some() { table.text(page) + "\n" } else { String::new() };
        let Sums { today, held_today, month, ever, held } = self.books.sums(self.provider, self.now);
        let mut line = |key: &str, value: String| text.push_str(&format!("{:<13} {value}\n", format!("{key}:")));
        line("today", format!("{today} spent, {held_today} held"));
        line("this month", format!("{month} spent"));
        line("in all", format!("{ever} spent, {held} held"));
        let left = |limit, provider| format!("{} of {limit} a day", self.left(limit, provider));
        if let Some(limit) = self.budget.per_day {
            line("left", left(limit, None));
        }
        for (kind, limit) in self.limits() {
            line(&format!("left at {kind}"), left(limit, Some(kind)));
        }
        match self.unpriced() {
            0 => {}
            many => line("not counted", format!("{many} without a known price; `machine ledger list` has them")),
        }
        text
    }

    fn json(&self) -> Value {
        let things: Vec<Value> = self
            .priced()
            .map(|(entry, rate)| {
                json!({
                    "provider": entry.intent.provider,
                    "resource": entry.intent.resource,
                    "name": entry.intent.name,
                    "id": entry.resource_id,
                    "intent": entry.intent.id,
                    "state": entry.state,
                    "deadline": entry.intent.deadline,
                    "rate": rate,
                    "spent": entry.accrued(self.now),
                    "held": entry.held(self.now),
                })
            })
            .collect();
        let kinds: BTreeSet<&str> = self
            .lines()
            .map(|entry| entry.intent.provider.as_str())
            .chain(self.books.spent.iter().map(|spent| spent.provider.as_str()))
            .filter(|kind| self.provider.is_none_or(|asked| asked == *kind))
            .collect();
        let sums = |kind: &&str| ((*kind).to_owned(), json!(self.books.sums(Some(kind), self.now)));
        let limited = |limit, provider| json!({ "limit": limit, "left": self.left(limit, provider) });
        let limits: Map<String, Value> =
            self.limits().map(|(kind, limit)| (kind.to_owned(), limited(limit, Some(kind)))).collect();
        json!({
            "as_of": self.now,
            "things": things,
            "unpriced": self.unpriced(),
            "total": self.books.sums(self.provider, self.now),
            "providers": kinds.iter().map(sums).collect::<Map<_, _>>(),
            "budget": {
                "per_machine": self.budget.per_machine,
                "per_day": self.budget.per_day.map(|limit| limited(limit, None)),
                "providers": limits,
            },
        })
    }
}
