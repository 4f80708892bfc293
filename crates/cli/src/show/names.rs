//! Lists of nothing but names.

use super::list::{Column, List};
use super::output::ListOutput;
use crate::failure::Failure;
use crate::printer::Printer;

/// The one column of a list of names.
pub(crate) fn name_columns() -> Vec<Column<'static, String>> {
    vec![Column::whole("NAME", String::clone)]
}

/// Shows names, which are their own ids.
///
/// # Errors
/// As [`ListOutput::show`].
pub(crate) fn names(printer: &Printer, output: &ListOutput, names: &[String]) -> Result<(), Failure> {
    output.show(printer, List::new(names, name_columns(), String::clone))
}
