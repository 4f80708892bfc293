//! Money in whole millionths, so that adding never rounds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount in millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From millionths of a US dollar.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In millionths of a US dollar.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From dollars as people and JSON write them, to the nearest millionth. None for what is no amount: negative, not a number, or
    /// beyond a billion.
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let micros = (dollars * 1e6).round();
        #[expect(clippy::cast_possible_truncation, reason = "whole and small enough, as is just seen")]
        (0.0..=1e15).contains(&micros).then_some(Self(micros as i64))
    }

    /// From an amount in dollars as a person types it: `0.02`, `$6`. Exact to the millionth.
    ///
    /// # Errors
    /// One sentence that shows how it is written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no amount of dollars; write it like 0.02 or 6");
        let (whole, rest) = {
            let text = text.strip_prefix('$').unwrap_or(text);
            text.split_once('.').unwrap_or((text, ""))
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(rest) || rest.len() > 6 {
            return Err(wrong());
        }
        let whole: i64 = whole.parse().map_err(|_| wrong())?;
        let rest: i64 = format!("{rest:0<6}").parse().map_err(|_| wrong())?;
        whole.checked_mul(1_000_000).and_then(|micros| micros.checked_add(rest)).map(Self).ok_or_else(wrong)
    }

    /// The sum, or the most that there can be.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it without `other`; nothing where that is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
}

impl fmt::Display for Money {
    /// Dollars with two decimals, or as many as it takes to show an amount below a cent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
        if rest % 10_000 == 0 {
            return write!(f, "{sign}${whole}.{:02}", rest / 10_000);
        }
        let digits = format!("{rest:06}");
        write!(f, "{sign}${whole}.{}", digits.trim_end_matches('0'))
    }
}

/// What a thing costs while it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Per started hour.
    pub hourly: Money,
    /// The most that a month is charged, where there is such a cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_cap: Option<Money>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_a_person_writes_them() {
        assert_eq!(Money::from_micros(6_000_000).to_string(), "$6.00");
        assert_eq!(Money::from_micros(8_930).to_string(), "$0.00893");
        assert_eq!(Money::from_micros(-1_500_000).to_string(), "-$1.50");
    }

    #[test]
    fn dollars_are_amounts_or_nothing() {
        assert_eq!(Money::from_dollars(0.00893), Some(Money::from_micros(8_930)));
        for odd in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            assert_eq!(Money::from_dollars(odd), None);
        }
    }

    #[test]
    fn what_a_person_types_is_exact_or_refused() {
        for (text, micros) in [("0.02", 20_000), ("$6", 6_000_000), ("0.00893", 8_930), ("1.000001", 1_000_001)] {
            assert_eq!(Money::parse(text), Ok(Money::from_micros(micros)), "{text}");
        }
        for odd in ["", "$", ".5", "-1", "1e3", "0.0000001", "1,5", "9223372036855", "one"] {
            assert!(Money::parse(odd).unwrap_err().contains("0.02"), "{odd}");
        }
    }

    #[test]
    fn sums_stop_at_the_ends() {
        let (one, most) = (Money::from_micros(1), Money::from_micros(i64::MAX));
        assert_eq!((most.plus(one), one.minus(most)), (most, Money::ZERO));
    }
}
