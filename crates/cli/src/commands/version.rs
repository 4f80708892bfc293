//! `machine version`.

use clap::Args;
use serde::Serialize;

use crate::failure::{Failure, code};
use crate::printer::Printer;
use crate::show::Output;

const EXAMPLES: &str = "\
Examples:
  machine version
  machine version -o json";

/// Shows the version.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Version {
    /// How to show it.
    #[command(flatten)]
    output: Output,
}

#[derive(Serialize)]
struct Shown {
    name: &'static str,
    version: &'static str,
    os: &'static str,
    arch: &'static str,
}

impl Version {
    /// Shows it.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub(crate) fn run(&self, printer: &Printer) -> Result<u8, Failure> {
        let version = env!("CARGO_PKG_VERSION");
        let shown = Shown { name: "machine", version, os: std::env::consts::OS, arch: std::env::consts::ARCH };
        match self.output.for_programs() {
            None => printer.line(format_args!("machine {version}"))?,
            Some(format) => printer.value(format, &shown)?,
        }
        Ok(code::OK)
    }
}
