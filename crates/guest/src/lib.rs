//! The program inside a machine: runs a job, frames its output, tells how it ended.

#![forbid(unsafe_code)]

use std::process::ExitCode;

/// The argument by which the program knows that it is to be the guest.
pub const GUEST_ARG: &str = "__guest";

/// Runs the guest where the command line asks for it (`argv[1]` is [`GUEST_ARG`]) and says what to exit with; `None` where
/// it does not. To be called first thing in `main`, before any thread is started: the guest forks.
pub fn dispatch() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    (arguments.nth(1)? == GUEST_ARG).then_some(ExitCode::from(125))
}
