//! Many jobs by one command: what is asked for, what is kept of it, and what came of each.

mod document;
mod item;
mod plan;
mod result;
mod store;
mod watcher;

pub(crate) use document::read;
pub(crate) use item::Item;
pub(crate) use plan::{Planned, Planner, make_places};
pub(crate) use result::{Counts, ItemResult};
pub(crate) use store::{Asked, BatchStore, Kept};
pub(crate) use watcher::Watcher;
