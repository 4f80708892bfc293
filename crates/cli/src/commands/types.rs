//! `machine types`.

use clap::Args;

use super::version::TextOrJson;
use crate::failure::{Failure, code};
use crate::setup::Setup;

const EXAMPLES: &str = "\
Examples:
  machine types
  machine types -o json";

/// Lists the types of machines that the configuration has. Asks no provider.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Types {
    /// In which shape.
    #[arg(long, short, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    output: TextOrJson,
}

impl Types {
    /// Lists them.
    ///
    /// # Errors
    /// A type that cannot be read.
    pub(crate) fn run(&self, setup: &Setup) -> Result<u8, Failure> {
        let names = setup.config.type_names()?;
        for name in &names {
            setup.config.machine_type(name)?;
        }
        match self.output {
            TextOrJson::Json => setup.printer.json(&names)?,
            TextOrJson::Text => {
                for name in &names {
                    setup.printer.line(name)?;
                }
            }
        }
        Ok(code::OK)
    }
}
