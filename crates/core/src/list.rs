//! Lists are claims with a stated completeness, never proof of absence by themselves.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{Machine, OwnerId};

/// Whose machines are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scope {
    /// Only those that carry this owner's marker.
    Owner(OwnerId),
    /// Those that carry any of our markers.
    Marked,
    /// All that the account has.
    #[default]
    All,
}

/// Which machines are wanted. An empty selector wants all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// Whose.
    pub scope: Scope,
    /// Only the one of this name.
    pub name: Option<String>,
    /// Only those that carry all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only those that have this tag.
    pub tag: Option<String>,
}

impl Selector {
    /// All machines of the account.
    pub fn all() -> Self {
        Self::default()
    }

    /// Whether `machine` is wanted. Providers filter in the cloud where it can, and with this in any case.
    pub fn matches(&self, machine: &Machine) -> bool {
        let scope = match &self.scope {
            Scope::All => true,
            Scope::Marked => machine.markers.is_some(),
            Scope::Owner(owner) => machine.markers.as_ref().is_some_and(|markers| markers.owner == *owner),
        };
        scope
            && self.name.as_ref().is_none_or(|name| *name == machine.name)
            && self.tag.as_ref().is_none_or(|tag| machine.tags.contains(tag))
            && self.labels.iter().all(|(key, value)| machine.labels.get(key) == Some(value))
    }
}

/// Whether a list has everything in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// The cloud answered for everything there is.
    Complete,
    /// Something is known to be missing (a region down, a page lost, a record that cannot be read).
    Partial,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The machines on it.
    pub machines: Vec<Machine>,
    /// Things that could not be listed, one sentence each.
    pub problems: Vec<String>,
    /// Set on the last page, and only there.
    pub last: Option<Completeness>,
}

impl Page {
    /// The only page of a complete list.
    pub fn only(machines: Vec<Machine>) -> Self {
        Self { machines, problems: Vec::new(), last: Some(Completeness::Complete) }
    }
}

/// Everything that an intent ever made, as far as the cloud can tell.
#[derive(Debug, Clone)]
pub struct Found {
    /// The machines; more than one means that a create took effect twice.
    pub machines: Vec<Machine>,
    /// Whether absence from `machines` means anything.
    pub completeness: Completeness,
    /// The moment that the answer speaks of.
    pub as_of: Timestamp,
}
