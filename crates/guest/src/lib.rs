//! The program inside a machine: runs a job, frames its output, tells how it ended; carries files in and out.
//!
//! As a library it holds what the guest and its client share: [`frame`], [`control`], [`orders`] and [`archive`]. As a
//! program it is run by [`dispatch`].

#![forbid(unsafe_code)]

pub mod archive;
pub mod control;
pub mod frame;
pub mod orders;

#[cfg(target_os = "linux")]
mod attach;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod git;
#[cfg(target_os = "linux")]
mod job;
#[cfg(target_os = "linux")]
mod patch;

use std::process::ExitCode;

/// The argument by which the program knows that it is to be the guest.
pub const GUEST_ARG: &str = "__guest";

/// Runs the guest where the command line asks for it (`argv[1]` is [`GUEST_ARG`]) and says what to exit with; `None` where
/// it does not. To be called first thing in `main`, before any thread is started: the guest forks.
pub fn dispatch() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == GUEST_ARG).then(|| run(&arguments.collect::<Vec<_>>()))
}

#[cfg(target_os = "linux")]
fn run(arguments: &[std::ffi::OsString]) -> ExitCode {
    use std::io::Write as _;
    use std::path::Path;

    let words: Vec<&Path> = arguments.iter().map(Path::new).collect();
    let done = match (words.first().and_then(|word| word.to_str()), words.get(1..).unwrap_or_default()) {
        (Some("job"), []) => return job::run(),
        (Some("attach"), []) => attach::run(),
        (Some("receive"), [directory]) => files::receive(directory),
        (Some("receive-as"), [target]) => files::receive_as(target),
        (Some("send"), [base, paths @ ..]) if !paths.is_empty() => files::send(base, paths),
        (Some("baseline"), [directory]) => patch::baseline(&job::real_path(directory), &mut git::Never),
        (Some("patch"), [directory]) => patch::patch(&job::real_path(directory), None),
        (Some("patch"), [directory, prefix]) => patch::patch(&job::real_path(directory), prefix.to_str()),
        _ => Err("the guest is told what to do by the agent, not by hand".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn run(_: &[std::ffi::OsString]) -> ExitCode {
    use std::io::Write as _;

    let _ = writeln!(std::io::stderr(), "jobs are supervised on Linux only");
    ExitCode::from(125)
}
