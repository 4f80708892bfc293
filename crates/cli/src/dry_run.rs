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

/// Refuses `--dry-run` before a command that changes something and cannot show it beforehand: whoever says it expects that
/// nothing happens.
///
/// # Errors
/// [`ErrorKind::Invalid`] for such a command.
pub(crate) fn allowed(command: &Command, dry_run: bool) -> Result<()> {
    let Some(name) = unable(command).filter(|_| dry_run) else { return Ok(()) };
    Err(Error::new(ErrorKind::Invalid, format!("`machine {name}` cannot show beforehand what it would do"))
        .with_hint("nothing was done; leave out `--dry-run` to do it"))
}

/// The name of a command that changes something whatever `--dry-run` says. The others change nothing, or do as it says.
fn unable(command: &Command) -> Option<&'static str> {
    match command {
        Command::Run(_) => Some("run"),
        Command::Batch(_) => Some("batch"),
        Command::Exec(_) => Some("exec"),
        Command::Ssh(_) => Some("ssh"),
        Command::Cp(_) => Some("cp"),
        Command::Session(session) => (!session.only_shows()).then_some("session"),
        Command::Jobs(jobs) => (!jobs.only_shows()).then_some("jobs"),
        Command::Create(_)
        | Command::Plan(_)
        | Command::Verify(_)
        | Command::Gc(_)
        | Command::Init(_)
        | Command::Start(_)
        | Command::Stop(_)
        | Command::Suspend(_)
        | Command::Restart(_)
        | Command::Destroy(_)
        | Command::Adopt(_)
        | Command::Volumes(_)
        | Command::Snapshots(_)
        | Command::Domains(_)
        | Command::SshKeys(_)
        | Command::List(_)
        | Command::Status(_)
        | Command::Inspect(_)
        | Command::Logs(_)
        | Command::Ip(_)
        | Command::Wait(_)
        | Command::ListDomain(_)
        | Command::Projects(_)
        | Command::Regions(_)
        | Command::Sizes(_)
        | Command::Images(_)
        | Command::Ledger(_)
        | Command::Cost(_)
        | Command::Info(_)
        | Command::Check(_)
        | Command::Doctor(_)
        | Command::Config(_)
        | Command::Types(_)
        | Command::Simcloud(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Version(_)
        | Command::Reaper(_) => None,
    }
}
