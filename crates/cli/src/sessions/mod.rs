//! Sessions as they are kept on this computer.

mod store;

pub(crate) use store::{Facts, Inherited, Kept, Store};
