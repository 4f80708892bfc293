//! What goes over the wire: requests and answers as types of their own. Fields that nobody here reads are left out, the
//! password of a new machine among them: what is never read is never shown.

mod block;
mod instance;
mod listing;
mod number;
mod offer;
mod others;

pub(crate) use block::{Attach, Block, ChangeBlock, CreateBlock, Detach};
pub(crate) use instance::{ChangeInstance, CreateInstance, Instance, UserData};
pub(crate) use listing::{Listing, One, Wrapped};
pub(crate) use offer::{Available, Os, Plan, Region};
pub(crate) use others::{AccountAnswer, CreateKey, CreateRecord, CreateSnapshot, Domain, Key, Record, Snapshot};
