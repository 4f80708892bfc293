//! The inside of a machine: shim, pid 1, file system, control socket, logs. Each case makes real machines, by the formats
//! of the state directory and without the client half of the provider.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test; with a harness of its own the lints do not see that"
)]

#[path = "../common/mod.rs"]
mod common;
mod execs;
mod files;
mod lives;
mod logs;
mod network;
mod plain;
mod powers;
mod starts;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = [
        lives::CASES,
        starts::CASES,
        execs::CASES,
        logs::CASES,
        files::CASES,
        network::CASES,
        powers::CASES,
        plain::CASES,
    ];
    common::run(&cases.concat())
}
