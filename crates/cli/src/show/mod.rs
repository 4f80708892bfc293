//! How things are shown to a person: tables, ages, states.

mod table;
mod words;

pub(crate) use table::{Format, Table};
pub(crate) use words::{age, clean, state, time};
