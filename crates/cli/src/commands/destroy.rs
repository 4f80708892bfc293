//! `machine destroy`.

use clap::Args;
use machine_core::ProviderExt as _;

use crate::app::App;
use crate::failure::Failure;
use crate::{confirm, show};

const EXAMPLES: &str = "\
Examples:
  machine destroy web-1
  machine destroy --yes build-7 build-8";

/// Destroys machines and what is on them. Volumes stay.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Destroy {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Destroy {
    /// Asks, where a terminal is there to ask, and destroys them.
    ///
    /// # Errors
    /// `Invalid` where nobody can be asked and `--yes` was not given; `NotFound` with the nearest names.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        app.settle_dead_clients().await;
        if !self.yes {
            let mut lines = Vec::new();
            for name in &self.names {
                let machine = app.provider().resolve(name).await?;
                lines.push(format!("  {} ({}, {})", show::clean(&machine.name), machine.id, show::state(&machine)));
            }
            confirm::destroying(app.printer, &lines)?;
        }
        super::each(app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            app.fleet().await?.destroy(&machine.id, app.destroy_deadline()).await?;
            app.printer.progress(format_args!("{}: destroyed", machine.name));
            Ok(())
        })
        .await
    }
}
