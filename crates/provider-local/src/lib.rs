//! Machines on this computer: the provider that needs no account.

#![forbid(unsafe_code)]

mod isolation;
mod layout;
mod log_format;
mod order;
mod record;
mod wire;

pub use isolation::Isolation;
pub use layout::{GUEST_PATH, WORK_PATH};
