//! `machine inspect`.

use clap::Args;
use machine_core::ProviderExt as _;

use crate::app::App;
use crate::failure::Failure;
use crate::show::{Format, among};

const EXAMPLES: &str = "\
Examples:
  machine inspect web-1
  machine inspect web-1 | jq .exit.code
  machine inspect web-1 -o yaml";

/// Shows everything about machines, as JSON or YAML: one object or document for each.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// In which shape.
    #[arg(long, short, value_name = "json|jsonl|yaml", default_value = "json", hide_possible_values = true)]
    #[arg(value_parser = among(&["json", "jsonl", "yaml"]))]
    output: Format,
}

impl Inspect {
    /// Shows them.
    ///
    /// # Errors
    /// `NotFound` with the nearest names.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        super::each(&app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            if self.output == Format::Yaml && self.names.len() > 1 {
                app.printer.line("---")?;
            }
            app.printer.value(self.output, &machine)
        })
        .await
    }
}
