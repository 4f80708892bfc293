//! What a sweep found and did, in words for people and programs.

use machine_core::{AccountId, Deadline, IntentId, ResourceKind};
use serde::Serialize;
use std::time::Duration;

/// How to sweep.
#[derive(Debug, Clone, Copy)]
pub struct SweepOptions {
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Go ahead although much of what would be destroyed is something that the ledger knows nothing of.
    pub confirmed: bool,
    /// Whether other owners' things go as well, once their deadline and ten minutes more are over: for what was left by a
    /// computer that is gone.
    pub expired_of_others: bool,
    /// When to stop. What is not settled by then is left to the next sweep.
    pub deadline: Deadline,
}

impl Default for SweepOptions {
    /// In earnest, unconfirmed, two minutes.
    fn default() -> Self {
        Self {
            dry_run: false,
            confirmed: false,
            expired_of_others: false,
            deadline: Deadline::after(Duration::from_mins(2)),
        }
    }
}

/// What a sweep found and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// Everything that was not as it should be.
    pub items: Vec<SweepItem>,
    /// Set when the brake held back everything that the ledger has no record of.
    pub brake: Option<Brake>,
    /// Whether the provider could list everything. Where it could not, nothing was believed to be gone.
    pub complete: bool,
    /// What could not be listed or read, one sentence each.
    pub problems: Vec<String>,
    /// Things of ours that are as they should be.
    pub in_order: usize,
    /// Things that another owner's ledger made. Never touched.
    pub foreign: usize,
    /// Things that carry no marker. Never touched.
    pub unmarked: usize,
    /// What of ours is in other accounts of this provider, which this credential cannot see.
    pub elsewhere: Vec<Elsewhere>,
    /// Tombstones that were old enough to be forgotten.
    pub forgotten: u64,
}

/// Lines of our ledger that a sweep of one account can say nothing about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Elsewhere {
    /// The account that they are for.
    pub account: AccountId,
    /// How many there are that are neither gone nor void.
    pub lines: usize,
    /// How many of these are open.
    pub open: usize,
}

/// One thing that was not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SweepItem {
    /// What it is.
    pub resource: ResourceKind,
    /// The provider's id, where it is known.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// The intent behind it, where there is one.
    pub intent: Option<IntentId>,
    /// Why it was looked at.
    pub reason: Reason,
    /// What speaks for that, in one sentence.
    pub evidence: String,
    /// What is to be done about it.
    pub action: Action,
    /// What came of that.
    pub outcome: Outcome,
}

/// Why a thing is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// It carries our marker, and the ledger has no record of having made it.
    NoRecord,
    /// The ledger had given it up or proved it gone, and here it is.
    Reappeared,
    /// Its intent is bound to another thing: the create took effect twice.
    Duplicate,
    /// Its lifetime is its client's, and that has died.
    ClientDied,
    /// The machine that it was made for is gone.
    MachineGone,
    /// Its deadline has passed.
    Expired,
    /// Another owner made it, and its deadline passed a while ago.
    ExpiredOfAnother,
    /// Somebody began to destroy it and did not finish.
    Unfinished,
    /// Nobody knows what came of its request, and nobody looks after it.
    Unsettled,
    /// The ledger has it, and the provider's complete list has not.
    Vanished,
    /// The ledger has it, and the provider shows it without our marker.
    MarkerLost,
}

impl Reason {
    /// The stable kebab-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "no-record",
            Self::Reappeared => "reappeared",
            Self::Duplicate => "duplicate",
            Self::ClientDied => "client-died",
            Self::MachineGone => "machine-gone",
            Self::Expired => "expired",
            Self::ExpiredOfAnother => "expired-of-another",
            Self::Unfinished => "unfinished",
            Self::Unsettled => "unsettled",
            Self::Vanished => "vanished",
            Self::MarkerLost => "marker-lost",
        }
    }
}

/// What is to be done about a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Action {
    /// Destroy it until it is gone.
    Destroy,
    /// Find out what came of its request; keep what was made to stay, destroy the rest.
    Resolve,
    /// Make sure that it is gone, and write that down.
    Confirm,
    /// Nothing for the moment: what is seen of it is not all there is to see yet.
    Wait,
    /// Nothing: that is for a person to decide.
    Leave,
}

/// What came of a sweep's action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "detail")]
#[non_exhaustive]
pub enum Outcome {
    /// Not done: a dry run, or nothing to do.
    Planned,
    /// Not done: held back by the brake.
    Held,
    /// It is gone.
    Destroyed,
    /// It is there and was made to stay; the ledger has it now.
    Kept,
    /// It is proved that nothing was ever made.
    NeverMade,
    /// Another process has settled it, or is about to.
    LeftToOthers,
    /// Not settled yet; the next sweep goes on. With what stands in the way.
    Open(String),
}

/// A sweep would have destroyed too much of what the ledger knows nothing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Brake {
    /// How many things it would have destroyed that the ledger has no record of.
    pub unrecorded: usize,
    /// How many it may destroy without a question.
    pub limit: usize,
}

impl Brake {
    /// The brake on `unrecorded` things of which there are `ours` in all that carry our marker: at most three, or a fifth.
    pub(crate) fn on(unrecorded: usize, ours: usize) -> Option<Self> {
        let limit = (ours / 5).max(3);
        (unrecorded > limit).then_some(Self { unrecorded, limit })
    }
}
