//! What a thing costs over time, as a pure function.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use machine_core::{Billing, Money, Price};
use serde::Serialize;

use crate::timing::later;

/// The seconds of an hour.
const HOUR: i128 = 3_600;
/// The hours of the longest month.
const MONTH: Duration = Duration::from_hours(31 * 24);
/// In how many hours the price of a volume's month is reached at the latest: those of the shortest month.
const VOLUME_MONTH: i64 = 28 * 24;

/// What a thing costs, and how its time is counted. Amounts are never rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// An hour, in millionths of a dollar.
    pub hourly: Money,
    /// The most that a calendar month (UTC) costs.
    pub monthly_cap: Option<Money>,
    /// Time is counted in whole steps of so many seconds.
    pub step: u64,
    /// The fewest seconds that are counted.
    pub minimum: u64,
}

impl Rate {
    /// Of what costs nothing.
    pub const FREE: Self = Self { hourly: Money::ZERO, monthly_cap: None, step: 1, minimum: 1 };

    /// Whether it is nothing.
    pub fn is_free(&self) -> bool {
        self.hourly <= Money::ZERO
    }

    /// Of a machine of that price.
    pub fn new(price: Price, billing: &Billing) -> Self {
        let Price { hourly, monthly_cap } = price;
        Self { hourly, monthly_cap, step: billing.step.as_secs(), minimum: billing.minimum.as_secs() }
    }

    /// Of a volume of that size. None where the provider's price is not known.
    pub fn of_volume(size_gib: u64, billing: &Billing) -> Option<Self> {
        let gib = billing.volume_gib_month?.micros();
        let month = i64::try_from(size_gib).unwrap_or(i64::MAX).saturating_mul(gib);
        // The quotient, rounded up.
        let hour = month / VOLUME_MONTH + i64::from(month % VOLUME_MONTH > 0);
        let price = Price { hourly: Money::from_micros(hour), monthly_cap: Some(Money::from_micros(month)) };
        Some(Self::new(price, billing))
    }

    /// What is charged for a thing that was there from `from` to `until`: whole steps, the minimum at least, in no month more than
    /// its cap. Nothing where `until` is not later.
    pub fn charged(&self, from: Timestamp, until: Timestamp) -> Money {
        if until <= from {
            return Money::ZERO;
        }
        let seconds = seconds(from, until).max(self.minimum);
        let seconds = seconds.checked_next_multiple_of(self.step.max(1)).unwrap_or(seconds);
        let Some(cap) = self.monthly_cap else { return self.plainly(seconds) };
        let end = later(from, Duration::from_secs(seconds));
        let (mut sum, mut at) = (Money::ZERO, from);
        while at < end {
            let next = month_after(at).min(end);
            sum = sum.plus(self.plainly(self::seconds(at, next)).min(cap));
            at = next;
        }
        sum
    }

    /// Of that, what falls into `period`. The periods of a partition have the whole between them.
    pub(crate) fn charged_in(&self, from: Timestamp, until: Timestamp, period: Period) -> Money {
        self.charged(from, until.min(period.until)).minus(self.charged(from, until.min(period.from)))
    }

    /// The most that a month costs.
    pub fn month(&self) -> Money {
        let whole = self.plainly(MONTH.as_secs());
        self.monthly_cap.map_or(whole, |cap| cap.min(whole))
    }

    /// The most that a thing made at `from` costs: until its deadline, or in a month where it has none.
    pub fn worst_case(&self, from: Timestamp, deadline: Option<Timestamp>) -> Money {
        deadline.map_or_else(|| self.month(), |deadline| self.charged(from, deadline))
    }

    /// So many seconds, rounded up.
    fn plainly(&self, seconds: u64) -> Money {
        let micros = (i128::from(self.hourly.micros().max(0)) * i128::from(seconds) + HOUR - 1) / HOUR;
        Money::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// From a moment up to another, which is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Period {
    /// The day (UTC) of `at`.
    pub(crate) fn day(at: Timestamp) -> Self {
        let day = at.to_zoned(TimeZone::UTC).date();
        let start = |date: jiff::civil::Date| date.to_zoned(TimeZone::UTC).map_or(at, |zoned| zoned.timestamp());
        Self { from: start(day), until: day.tomorrow().map_or(Timestamp::MAX, start) }
    }

    /// The calendar month (UTC) of `at`.
    pub(crate) fn month(at: Timestamp) -> Self {
        let first = at.to_zoned(TimeZone::UTC).date().first_of_month();
        let from = first.to_zoned(TimeZone::UTC).map_or(at, |zoned| zoned.timestamp());
        Self { from, until: month_after(at) }
    }

    /// All time.
    pub(crate) const EVER: Self = Self { from: Timestamp::MIN, until: Timestamp::MAX };

    pub(crate) fn has(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// The beginning of the month after that of `at`, or the end of time.
fn month_after(at: Timestamp) -> Timestamp {
    let first = at.to_zoned(TimeZone::UTC).date().first_of_month();
    let next = first.checked_add(1.month()).and_then(|date| date.to_zoned(TimeZone::UTC));
    next.map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The seconds between two moments, a part of one counted as one.
fn seconds(from: Timestamp, until: Timestamp) -> u64 {
    let span = until.duration_since(from);
    u64::try_from(span.as_secs()).unwrap_or(0) + u64::from(span.subsec_nanos() > 0)
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
