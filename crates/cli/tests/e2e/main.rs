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
mod agents;
mod agents_guide;
mod agents_real;
mod batch;
mod completions;
mod config;
mod dns;
mod dns_names;
mod doctor;
mod exec;
mod first_machine;
mod gc;
mod guides;
mod help;
mod init;
mod inputs;
mod jobs;
mod json_shapes;
mod lifecycle;
mod manual;
mod offers;
mod output;
mod playing;
mod progress;
mod run;
mod run_ends;
mod run_files;
mod sessions;
mod several;
mod shapes;
mod simcloud;
mod snapshots;
mod ssh_keys;
mod support;
mod terminal;
mod timer;
mod ttl;
mod types;
mod volumes;
