//! The `machine` command, as a library so that it can be tested piece by piece.

#![forbid(unsafe_code)]

mod app;
mod cli;
mod commands;
mod config;
mod confirm;
mod failure;
mod interrupt;
mod job;
mod logging;
mod machine_args;
mod parent;
mod printer;
mod pump;
mod reaper;
mod session;
mod show;
mod stdin;
mod terminal;
mod values;
mod volume_name;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use machine_core::OsText;

use crate::cli::Cli;
use crate::failure::code;
use crate::printer::{Printer, Target};

/// Does what the command line `args` (the program's name first) asks for, and returns the exit code for it.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let parsed = cli::tree().try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => ExitCode::from(commands::dispatch(cli)),
        Err(error) => match show_parse_error(&error) {
            code::USAGE if stands_for_a_job(&args) => ExitCode::from(code::JOB_FAILURE),
            code => ExitCode::from(code),
        },
    }
}

/// Whether this command line, which cannot be read as a whole, was meant to exit as a job does. Then 2 would be taken for
/// the job's own code.
fn stands_for_a_job(args: &[OsString]) -> bool {
    let mut words = args.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        match &*word {
            "run" | "exec" => return true,
            // Global flags whose value is the next word.
            "--provider" | "--config-file" | "--log" => drop(words.next()),
            flag if flag.starts_with('-') => {}
            _ => return false,
        }
    }
    false
}

/// Shows a help page on standard output, or what is wrong with the command line on standard error.
fn show_parse_error(error: &clap::Error) -> u8 {
    use std::io::IsTerminal as _;

    let target = if error.use_stderr() { Target::Stderr } else { Target::Stdout };
    let terminal = match target {
        Target::Stdout => std::io::stdout().is_terminal(),
        Target::Stderr => std::io::stderr().is_terminal(),
    };
    let text = error.render();
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let text = if colours { text.ansi().to_string() } else { text.to_string() };
    // Nobody to tell is no reason to fail differently.
    let _ = target.write_all(text.as_bytes());
    if error.use_stderr() { code::USAGE } else { code::OK }
}

/// Shows the top level's help, for somebody who said nothing.
fn show_help() -> u8 {
    let printer = Printer::new(false);
    printer.out(cli::tree().render_help().to_string()).map_or_else(|failure| failure.code(), |()| code::OK)
}

/// The text as the operating system takes it.
fn os_string(text: &OsText) -> OsString {
    OsString::from_vec(text.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_command_line_of_a_job_is_told_from_the_jobs_own_failure() {
        let job = |line: &[&str]| stands_for_a_job(&line.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(job(&["machine", "run", "--nonsense"]));
        assert!(job(&["machine", "--provider", "local", "-q", "exec"]));
        assert!(!job(&["machine", "list", "run"]));
        assert!(!job(&["machine", "--provider", "run"]));
    }
}
