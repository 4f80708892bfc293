//! Between the API's words and ours: pure functions.

mod command;
mod exit;
mod machine;
mod metadata;
mod plan;
mod state;

pub(crate) use command::wrapped;
pub(crate) use machine::{machine, read_list, timestamp};
pub(crate) use metadata::{DEADLINE, INTENT, OWNER, check_label, deadline_text};
pub(crate) use plan::{Defaults, plan};
pub(crate) use state::state;
