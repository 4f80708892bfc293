//! What was spent and what may still be, by the lines of the ledger.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use machine_core::Money;
use serde::Serialize;

use crate::ledger::{Entry, State};
use crate::rate::Period;

/// What is known of the money of one owner: its lines, and what the lines that are forgotten by now have cost.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// The lines, tombstones included.
    pub entries: Vec<Entry>,
    /// What forgotten lines cost.
    pub spent: Vec<Spent>,
}

/// What forgotten lines cost on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// The provider, by its kind.
    pub provider: String,
    /// The day, in UTC.
    pub day: Date,
    /// How much.
    pub amount: Money,
}

/// Sums of money over some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sums {
    /// What was spent today (UTC).
    pub today: Money,
    /// What today may still cost beyond that.
    pub held_today: Money,
    /// What was spent in this calendar month (UTC).
    pub month: Money,
    /// What was spent in all.
    pub ever: Money,
    /// What may still be spent: until its deadline for each thing, or on a month where it has none.
    pub held: Money,
}

impl Books {
    /// What was spent and is held as of `now`; at one provider, by its kind, or at all.
    pub fn sums(&self, provider: Option<&str>, now: Timestamp) -> Sums {
        let (today, month) = (Period::day(now), Period::month(now));
        let mut sums = Sums {
            today: self.forgotten(today, provider),
            month: self.forgotten(month, provider),
            ever: self.forgotten(Period::EVER, provider),
            ..Sums::default()
        };
        for entry in self.of(provider) {
            let accrued = accrued_in(entry, today, now);
            sums.today = sums.today.plus(accrued);
            sums.held_today = sums.held_today.plus(at_most_in(entry, today, now).minus(accrued));
            sums.month = sums.month.plus(accrued_in(entry, month, now));
            sums.ever = sums.ever.plus(entry.accrued(now));
            sums.held = sums.held.plus(entry.held(now));
        }
        sums
    }

    /// The most that falls into `period`, spent and held together.
    pub(crate) fn at_most_in(&self, period: Period, provider: Option<&str>, now: Timestamp) -> Money {
        let lines = self.of(provider).map(|entry| at_most_in(entry, period, now));
        lines.fold(self.forgotten(period, provider), Money::plus)
    }

    fn of<'a>(&'a self, provider: Option<&'a str>) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| provider.is_none_or(|kind| entry.intent.provider == kind))
    }

    fn forgotten(&self, period: Period, provider: Option<&str>) -> Money {
        let of = self.spent.iter().filter(|spent| provider.is_none_or(|kind| spent.provider == kind));
        of.filter(|spent| period.has(start(spent.day))).map(|spent| spent.amount).fold(Money::ZERO, Money::plus)
    }
}

impl Entry {
    /// What the thing has cost by `now`, at most. Of one that nobody knows to exist nothing has accrued: it is all held.
    pub fn accrued(&self, now: Timestamp) -> Money {
        accrued_in(self, Period::EVER, now)
    }

    /// What the thing may still cost: until its deadline, or in a month where it has none or has outlived it.
    pub fn held(&self, now: Timestamp) -> Money {
        let Some(rate) = self.rate.filter(|_| !self.state.is_tombstone()) else { return Money::ZERO };
        match self.intent.deadline.filter(|deadline| *deadline > now) {
            Some(deadline) => rate.charged(self.intent.minted_at, deadline).minus(self.accrued(now)),
            None => rate.month(),
        }
    }

    /// What a line that is forgotten leaves behind: what it cost on each day.
    pub(crate) fn spent_by_day(&self) -> Vec<Spent> {
        let mut spent = Vec::new();
        let Some((rate, until)) = self.rate.zip(ended(self)) else { return spent };
        let mut day = Period::day(self.intent.minted_at);
        while day.from < until {
            let amount = rate.charged_in(self.intent.minted_at, until, day);
            let provider = self.intent.provider.clone();
            spent.push(Spent { provider, day: day.from.to_zoned(TimeZone::UTC).date(), amount });
            day = Period::day(day.until);
        }
        spent
    }
}

fn start(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
}

/// When the thing is proved to have ended, where it has.
fn ended(entry: &Entry) -> Option<Timestamp> {
    (entry.state == State::Gone).then_some(entry.updated_at)
}

fn accrued_in(entry: &Entry, period: Period, now: Timestamp) -> Money {
    let until = match entry.state {
        State::Sent | State::Uncertain | State::Void => return Money::ZERO,
        State::Bound | State::Destroying => now,
        State::Gone => entry.updated_at,
    };
    entry.rate.map_or(Money::ZERO, |rate| rate.charged_in(entry.intent.minted_at, until, period))
}

/// The most that the thing costs in `period`. One past its deadline has no known end.
pub(crate) fn at_most_in(entry: &Entry, period: Period, now: Timestamp) -> Money {
    let Some(rate) = entry.rate.filter(|_| entry.state != State::Void) else { return Money::ZERO };
    let deadline = entry.intent.deadline.filter(|deadline| *deadline > now);
    let until = ended(entry).or(deadline).unwrap_or(Timestamp::MAX);
    rate.charged_in(entry.intent.minted_at, until, period)
}
