//! What is about to be made will cost.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::rate::Rate;

/// What something will cost that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Its name.
    pub name: String,
    /// The region that is tried for it, where several are named.
    pub region: Option<String>,
    /// Its price.
    pub rate: Rate,
    /// From when on it may cost something.
    pub from: Timestamp,
    /// When it must be gone at the latest.
    pub deadline: Option<Timestamp>,
}

impl fmt::Display for Quote {
    /// `web-1: $0.00893 an hour, $6.00 a month at most`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.rate.worst_case(self.from, self.deadline);
        f.write_str(&self.name)?;
        if let Some(region) = &self.region {
            write!(f, " in {region}")?;
        }
        write!(f, ": {} an hour, {most} ", self.rate.hourly)?;
        match self.deadline {
            Some(deadline) => write!(f, "at most until {deadline:.0}"),
            None => f.write_str("a month at most"),
        }
    }
}

/// Who is told what something will cost.
#[derive(Clone)]
pub(crate) struct Announce(pub(crate) Arc<dyn Fn(&Quote) + Send + Sync>);

impl fmt::Debug for Announce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Announce")
    }
}

#[cfg(test)]
mod tests {
    use machine_core::Money;

    use super::*;

    #[test]
    fn a_quote_is_one_short_line() {
        let rate = Rate {
            hourly: Money::from_micros(8_930),
            monthly_cap: Some(Money::from_micros(6_000_000)),
            step: 3_600,
            minimum: 3_600,
        };
        let from = "2026-11-02T10:00:00Z".parse().unwrap();
        let quote = Quote { name: "web-1".to_owned(), region: None, rate, from, deadline: None };
        assert_eq!(quote.to_string(), "web-1: $0.00893 an hour, $6.00 a month at most");
        let ends = Quote { deadline: Some("2026-11-02T11:30:00.5Z".parse().unwrap()), ..quote.clone() };
        assert_eq!(ends.to_string(), "web-1: $0.00893 an hour, $0.01786 at most until 2026-11-02T11:30:00Z");
        let there = Quote { region: Some("ams3".to_owned()), ..quote };
        assert_eq!(there.to_string(), "web-1 in ams3: $0.00893 an hour, $6.00 a month at most");
    }
}
