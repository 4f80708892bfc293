//! Whether something may be made, by what it may cost, as a pure function.

use jiff::Timestamp;
use machine_core::{Budget, Error, ErrorKind, Money, ResourceKind, Result};

use crate::books::{Books, at_most_in};
use crate::ledger::Entry;
use crate::rate::Period;

/// Refuses `wanted`, a line that is about to be written, where it may cost more than `budget` leaves.
///
/// A day's limit has to hold for today and, because what is made now may live on, for tomorrow.
///
/// # Errors
/// [`ErrorKind::Budget`], which says by how much.
pub(crate) fn check(budget: &Budget, books: &Books, wanted: &Entry, now: Timestamp) -> Result<()> {
    let Some(rate) = wanted.rate else { return Ok(()) };
    let (name, provider) = (&wanted.intent.name, wanted.intent.provider.as_str());
    if let Some(most) = budget.per_machine {
        let costs = rate.worst_case(wanted.intent.minted_at, wanted.intent.deadline);
        if costs > most {
            let until = wanted.intent.deadline.map_or("in a month".to_owned(), |at| format!("until {at:.0}"));
            let what = format!(
                "`{name}` costs up to {costs} {until}, and the budget allows {most} for one {}",
                wanted.intent.resource.as_str()
            );
            return Err(refusal(
                what,
                match (wanted.intent.resource, wanted.intent.deadline) {
                    (ResourceKind::Machine, None) => {
                        "give it an end (--ttl), ask for less, or raise `budget.per-machine`"
                    }
                    _ => "ask for less, or raise `budget.per-machine`",
                },
            ));
        }
    }
    let one = budget.providers.get(provider);
    let limits = budget.per_day.iter().map(|most| (None, most)).chain(one.map(|most| (Some(provider), most)));
    for (at, most) in limits {
        let today = Period::day(now);
        for (day, period) in [("today", today), ("tomorrow", Period::day(today.until))] {
            let costs = at_most_in(wanted, period, now);
            let before = books.at_most_in(period, at, now);
            if costs > Money::ZERO && before.plus(costs) > *most {
                let setting = at.map_or("per-day".to_owned(), |at| format!("providers.{at}"));
                let at = at.map_or(String::new(), |at| format!(" at {at}"));
                let left = most.minus(before);
                let what = format!(
                    "`{name}` costs up to {costs} {day}, and of the {most} that the budget allows a day{at} {left} is left"
                );
                let hint =
                    format!("`machine cost` shows what has the rest; end some of it, or raise `budget.{setting}`");
                return Err(refusal(what, hint));
            }
        }
    }
    Ok(())
}

/// Refuses a thing whose price nobody knows.
pub(crate) fn unknown(name: &str) -> Error {
    let what = format!("what `{name}` costs is not known, so it cannot be held to the budget");
    refusal(
        what,
        "say in the configuration what an hour of such a thing may be taken to cost: `budget: {unknown-hour: 0.10}`",
    )
}

fn refusal(what: String, hint: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Budget, what).with_hint(hint)
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
