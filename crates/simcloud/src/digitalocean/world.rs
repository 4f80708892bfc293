//! The things of one account.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids;
use crate::sim::Sim;

/// Now, and what there is beside the account.
pub(super) struct Moment<'a> {
    /// What the clock shows.
    pub(super) now: Timestamp,
    /// The cloud's bill and quirks.
    pub(super) sim: &'a Sim,
}

/// All that an account has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct World {
    /// The account's own id.
    pub(super) uuid: String,
}

impl Default for World {
    fn default() -> Self {
        Self { uuid: ids::uuid() }
    }
}

impl World {
    /// Lets everything happen that was to happen by now.
    pub(super) fn settle(&mut self, _moment: &Moment<'_>) {}
}
