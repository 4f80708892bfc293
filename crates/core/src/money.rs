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
}
