//! How things are shown: tables, ages and states to a person, machines to a program.

mod machine;
mod names;
mod table;
mod words;

pub(crate) use machine::{MachineJson, line, public_ip};
pub(crate) use names::names;
pub(crate) use table::{Format, Table};
pub(crate) use words::{age, clean, state, time};
