//! Jobs as they are kept on this computer: what was asked for, what came out, how it ended. So a job can be looked at long
//! after its machine is gone, and followed from another terminal while it runs.

mod event;
mod facts;
mod narrator;
mod receipt;
mod recorder;
mod store;

pub(crate) use event::{Ended, Event};
pub(crate) use facts::{Asked, Facts, State};
pub(crate) use narrator::Narrator;
pub(crate) use receipt::Receipt;
pub(crate) use recorder::Recorder;
pub(crate) use store::{Kept, Store};
