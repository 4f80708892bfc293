//! The real `machine`, with real machines on this computer.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test's helper fails by panicking"
)]

mod accounts;
mod addresses;
mod config;
mod dns;
mod dns_names;
mod exec;
mod gc;
mod help;
mod inputs;
mod lifecycle;
mod offers;
mod output;
mod playing;
mod run;
mod run_ends;
mod run_files;
mod simcloud;
mod snapshots;
mod ssh_keys;
mod support;
mod terminal;
mod timer;
mod ttl;
mod types;
mod volumes;
