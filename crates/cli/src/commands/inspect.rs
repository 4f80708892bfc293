//! `machine inspect`.

use clap::Args;
use machine_core::ProviderExt as _;

use crate::app::App;
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  machine inspect web-1
  machine inspect web-1 | jq .exit.code";

/// Shows everything about machines, as JSON: one object for each.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Inspect {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

impl Inspect {
    /// Shows them.
    ///
    /// # Errors
    /// `NotFound` with the nearest names.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        super::each(&app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            app.printer.json(&machine)
        })
        .await
    }
}
