//! How the program that embeds this provider becomes the supervisor of a machine.

use std::process::ExitCode;

/// Runs the supervisor of a machine, or a chore that needs a process of its own, when this process was started for that, and
/// says how it ended. Every program that
/// is named as the provider's helper calls this first thing in `main`, before it starts a thread or reads its arguments:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     if let Some(code) = machine_local::dispatch() {
///         return code;
///     }
///     // The program's own work.
///     std::process::ExitCode::SUCCESS
/// }
/// ```
#[must_use = "a process that was a supervisor must end with this code"]
pub fn dispatch() -> Option<ExitCode> {
    #[cfg(target_os = "linux")]
    if let Some(argument) = std::env::args_os().nth(1) {
        if argument == crate::order::SHIM_ARG {
            return Some(crate::shim::main());
        }
        if argument == crate::chore::CHORE_ARG {
            return Some(crate::chore::main(std::env::args_os().skip(2)));
        }
    }
    None
}
