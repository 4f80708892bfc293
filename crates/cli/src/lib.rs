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
mod missing;
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
    let parsed = cli::tree().try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => ExitCode::from(commands::dispatch(cli)),
        Err(error) => ExitCode::from(show_parse_error(&error)),
    }
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
