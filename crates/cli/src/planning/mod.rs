//! Where a machine could be, as what, and at which price: all that can be known before one is made.

mod document;
mod look;
mod rank;

pub(crate) use document::{Choice, Document, Refused};
pub(crate) use look::{Thoroughness, cheapest, look, refuses};

/// What a machine is called in a plan, which is for one of any name.
pub(crate) const PLANNED: &str = "planned";
