//! Lists of nothing but names.

use crate::failure::Failure;
use crate::printer::Printer;

/// Shows names: one on each line, or as a JSON array.
///
/// # Errors
/// Where standard output cannot be written.
pub(crate) fn names(printer: &Printer, names: &[String], json: bool) -> Result<(), Failure> {
    if json {
        return printer.json(&names);
    }
    printer.out(names.iter().map(|name| format!("{}\n", super::clean(name))).collect::<String>())
}
