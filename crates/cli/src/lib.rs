//! The `machine` command, as a library: so that it can be tested piece by piece, and so that a program can be the same
//! command with more providers. Start with [`Runner`].

#![forbid(unsafe_code)]

mod accounts;
mod addresses;
mod agent_args;
mod app;
mod batch;
mod choose;
mod cli;
mod client_id;
mod cloud_init;
mod commands;
mod completion;
mod computer;
mod config_file;
mod confirm;
mod credentials;
mod detached;
mod dns;
mod dry_run;
#[cfg(debug_assertions)]
mod failpoint;
mod failure;
mod finding;
mod interrupt;
mod job;
mod job_args;
mod jobs;
mod json_errors;
mod known_names;
mod logging;
mod machine_args;
mod manual;
mod named;
#[cfg(feature = "otel")]
mod otel;
mod parent;
mod planning;
mod printer;
mod probe;
mod progress;
mod pump;
mod reaper;
pub mod reference;
mod runner;
mod schedule;
mod session;
mod sessions;
mod setup;
mod several;
mod show;
mod stdin;
mod streams;
mod surroundings;
mod sweeps;
mod terminal;
mod ttl;
mod turn;
mod typed;
mod values;
mod volume_name;
mod wish;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use machine_core::OsText;

pub use cli::tree as command_tree;
pub use manual::{ManualPage, pages as manual_pages};
pub use runner::Runner;
pub use streams::Streams;

/// The text as the operating system takes it.
fn os_string(text: &OsText) -> OsString {
    OsString::from_vec(text.as_bytes().to_vec())
}
