//! How things are shown to a person: tables, ages, states.

mod machine;
mod table;
mod words;

pub(crate) use machine::{MachineJson, line, public_ip};
pub(crate) use table::{Format, Table};
pub(crate) use words::{age, clean, state, time};
