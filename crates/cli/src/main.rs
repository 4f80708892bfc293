//! The `machine` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    // The helper programs inside and around local machines are this same binary. They must be reached before anything
    // starts a thread, because they go on to make namespaces.
    if let Some(code) = machine_local::dispatch().or_else(machine_guest::dispatch) {
        return code;
    }
    machine_cli::run(std::env::args_os())
}
