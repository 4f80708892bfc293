//! `--dry-run`: what would be changed is said, a line each, and nothing is changed.

use std::fmt;

use machine_core::{Error, ErrorKind, Result};

use crate::cli::{Command, Globals};
use crate::failure::Failure;
use crate::printer::Printer;

/// Whether a change is only to be told, and is told now: `what` follows on `would`.
///
/// # Errors
/// Where standard output cannot be written.
pub(crate) fn told(globals: &Globals, printer: &Printer, what: impl fmt::Display) -> Result<bool, Failure> {
    if globals.dry_run {
        printer.line(format_args!("would {what}"))?;
    }
    Ok(globals.dry_run)
}

/// Refuses what cannot be told beforehand.
///
/// # Errors
/// `Invalid` with the command's name.
pub(crate) fn refuse(globals: &Globals, command: &Command) -> Result<()> {
    let name = match command {
        Command::Create(_) => "create",
        Command::Run(_) => "run",
        Command::Exec(_) => "exec",
        Command::Ssh(_) => "ssh",
        Command::Cp(_) => "cp",
        Command::Logs(_) => "logs",
        Command::Simcloud(_) => "simcloud",
        _ => return Ok(()),
    };
    if !globals.dry_run {
        return Ok(());
    }
    let what = format!("`machine {name}` has no --dry-run: what it would do cannot be told beforehand");
    Err(Error::new(ErrorKind::Invalid, what).with_hint("leave --dry-run out"))
}
