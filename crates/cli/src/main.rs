//! The `machine` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    machine_cli::Runner::builtin().run()
}
