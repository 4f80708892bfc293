//! The guest as a program of its own, for machines that do not have the `machine` command.

#![forbid(unsafe_code)]

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    machine_guest::dispatch().unwrap_or_else(|| {
        let _ = writeln!(std::io::stderr(), "this program supervises jobs and is started by `machine`");
        ExitCode::FAILURE
    })
}
