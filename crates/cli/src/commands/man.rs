//! `machine man`.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use machine_core::Error;

use crate::failure::{Failure, code};
use crate::manual;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  machine man ~/.local/share/man/man1           then `man machine`, `man machine-run`, ...
  machine man | man -l -                        all of it, without installing anything";

/// Writes the manual: one page for each command, into a directory, or all of them to standard output.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Manual {
    /// Where to put the pages; it is made where it is missing, and pages of before are replaced.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Manual {
    /// Writes it.
    ///
    /// # Errors
    /// A directory that cannot be written to.
    pub(crate) fn run(&self, printer: &Printer) -> Result<u8, Failure> {
        let pages = manual::pages().map_err(|error| Error::io("the manual cannot be made", error))?;
        let Some(dir) = &self.dir else {
            pages.iter().try_for_each(|page| printer.out(&page.text))?;
            return Ok(code::OK);
        };
        let failed = |error| Error::io(format!("cannot write the manual to `{}`", dir.display()), error);
        fs::create_dir_all(dir).map_err(failed)?;
        for page in &pages {
            fs::write(dir.join(&page.file), &page.text).map_err(failed)?;
        }
        printer.note(format_args!("{} pages written to {}", pages.len(), dir.display()));
        Ok(code::OK)
    }
}
