//! What may be spent.

use std::collections::BTreeMap;

use crate::Money;

/// What may be spent. Nothing is limited where nothing is said.
///
/// Whoever creates compares the worst case with it before anything is asked of a cloud: for one thing by itself, and for a day
/// (UTC) together with all that was spent on it and all that exists or may exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// For one machine or volume: until its deadline, or in a month where it has none.
    pub per_machine: Option<Money>,
    /// On a day, at all providers together.
    pub per_day: Option<Money>,
    /// On a day, at one provider, by its kind.
    pub providers: BTreeMap<String, Money>,
    /// What an hour is taken to cost of a thing whose price nobody knows. Without it, such a thing is refused.
    pub unknown_hour: Option<Money>,
}

impl Budget {
    /// Whether it limits what is made at the provider of that kind.
    pub fn concerns(&self, provider: &str) -> bool {
        self.per_machine.is_some() || self.per_day.is_some() || self.providers.contains_key(provider)
    }

    /// Whether it limits nothing.
    pub fn is_empty(&self) -> bool {
        self.per_machine.is_none() && self.per_day.is_none() && self.providers.is_empty()
    }
}
