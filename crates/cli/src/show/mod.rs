//! How things are shown: tables, ages and states to a person, machines to a program.

mod format;
mod list;
mod machine;
mod machine_columns;
mod names;
mod output;
mod table;
mod width;
mod words;

pub(crate) use format::{Format, among};
pub(crate) use list::{Column, List, columns_help};
pub(crate) use machine::{MachineJson, public_ip};
pub(crate) use machine_columns::machine_columns;
pub(crate) use names::{name_columns, names};
pub(crate) use output::{ListOutput, Output};
pub(crate) use table::Table;
pub(crate) use width::{cut, of as width};
pub(crate) use words::{age, clean, seconds, state, time};
