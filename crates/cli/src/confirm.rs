//! Asking before something is destroyed.

use machine_core::{Error, ErrorKind, Result};

use crate::printer::Printer;

/// Shows what would be destroyed, a line each, and returns where a person answers with YES.
///
/// # Errors
/// [`ErrorKind::Invalid`] where there is no terminal to ask on; [`ErrorKind::Cancelled`] for any other answer.
pub(crate) fn destroying(printer: &Printer, lines: &[String]) -> Result<()> {
    if !printer.streams().reads_terminal() {
        return Err(Error::new(ErrorKind::Invalid, "destroying needs a yes, and there is no terminal to ask on")
            .with_hint("add --yes"));
    }
    printer.ask(format_args!("This destroys, with everything on it:\n{}\nType YES to go on: ", lines.join("\n")));
    let answer = printer.streams().read_line().map_err(|errno| Error::io("cannot read the answer", errno.into()))?;
    if answer.trim() == "YES" {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Cancelled, "nothing was destroyed: the answer was not YES"))
}
