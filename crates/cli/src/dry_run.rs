//! `--dry-run`: what would be changed is said, a line each, and nothing is changed.

use std::fmt;

use crate::cli::Globals;
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
