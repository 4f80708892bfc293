//! `machine types`.

use clap::Args;

use crate::failure::{Failure, code};
use crate::setup::Setup;
use crate::show::{self, ListOutput};

const EXAMPLES: &str = "\
Examples:
  machine types
  machine types -o json";

/// Lists the types of machines that the configuration has. Asks no provider.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&show::name_columns()))]
pub(crate) struct Types {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
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
        show::names(&setup.printer, &self.output, &names)?;
        Ok(code::OK)
    }
}
