//! Asking before something is destroyed.

use machine_core::{Error, ErrorKind, Result};

use crate::printer::Printer;
use crate::show;

/// Asks whether the thing is to be destroyed, and returns where the answer is YES. The question goes to standard output, where
/// scripts that answer it look for it.
///
/// # Errors
/// [`ErrorKind::Cancelled`] for any other answer, and for none.
pub(crate) fn destroying(printer: &Printer, kind: &str, name: &str, id: &str) -> Result<()> {
    let question = format!(
        "Type YES (not y or yes or Yes) to confirm that you want to permanently DELETE/DESTROY {kind} \"{}\" (id: {})",
        show::clean(name),
        show::clean(id)
    );
    printer
        .out(format!("{question}: "))
        .map_err(|_| Error::new(ErrorKind::Cancelled, "nothing was destroyed: the question cannot be written"))?;
    let answer = printer.streams().read_line().map_err(|errno| Error::io("cannot read the answer", errno.into()))?;
    if !printer.streams().reads_terminal() {
        // Nobody has ended the line that the question is on.
        drop(printer.out("\n"));
    }
    match answer.trim_end_matches(['\r', '\n']) {
        "YES" => Ok(()),
        "" => Err(Error::new(ErrorKind::Cancelled, "Aborted! There was no answer")
            .with_hint("add --no-confirm to be asked nothing")),
        _ => Err(Error::new(ErrorKind::Cancelled, "Destroy operation aborted, not confirmed by user")),
    }
}
