//! `machine version`.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::failure::{Failure, code};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  machine version
  machine version -o json";

/// Shows the version.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Version {
    /// In which shape.
    #[arg(long, short, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    output: TextOrJson,
}

/// A text for a person or JSON for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For a person.
    Text,
    /// For a program.
    Json,
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
        match self.output {
            TextOrJson::Text => printer.line(format_args!("machine {version}"))?,
            TextOrJson::Json => printer.json(&Shown {
                name: "machine",
                version,
                os: std::env::consts::OS,
                arch: std::env::consts::ARCH,
            })?,
        }
        Ok(code::OK)
    }
}
