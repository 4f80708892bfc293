//! `machine domains`.

use clap::{Args, Subcommand};

use super::domain_names::{AddName, RemoveName};
use super::domain_records::{AddRecord, RemoveRecord};
use crate::app::App;
use crate::dns;
use crate::failure::{Failure, code};
use crate::show::{self, ListOutput};
use crate::sweeps::{self, Reach};

pub(crate) const EXAMPLES: &str = "\
Examples:
  machine domains
  machine domains add-name web-1 example.com
  machine domains add-record example.com www CNAME web-1.example.com
  machine list-domain example.com";

/// Shows the DNS zones of the account, and changes what is in them.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&show::name_columns()), args_conflicts_with_subcommands = true)]
pub(crate) struct Domains {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
    /// What to change; nothing otherwise.
    #[command(subcommand)]
    change: Option<Change>,
}

/// What is changed.
#[derive(Debug, Subcommand)]
enum Change {
    /// Give a machine its name in a zone.
    AddName(AddName),
    /// Take a machine's name out of a zone.
    RemoveName(RemoveName),
    /// Add a record to a zone.
    AddRecord(AddRecord),
    /// Take records out of a zone.
    #[command(visible_alias = "rm-record")]
    RemoveRecord(RemoveRecord),
}

impl Domains {
    /// Lists the zones by their names, or does what was asked for.
    ///
    /// # Errors
    /// `Unsupported` where the provider hosts no DNS; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        // Refused before anything else is looked at.
        dns::of(app)?;
        match &self.change {
            None => self.list(app).await,
            Some(change) => {
                sweeps::settle_dead_clients(app, Reach::Everywhere).await;
                match change {
                    Change::AddName(add) => add.run(app).await,
                    Change::RemoveName(remove) => remove.run(app).await,
                    Change::AddRecord(add) => add.run(app).await,
                    Change::RemoveRecord(remove) => remove.run(app).await,
                }
            }
        }
    }

    async fn list(&self, app: &App) -> Result<u8, Failure> {
        let mut names: Vec<_> = dns::of(app)?.domains().await?.into_iter().map(|domain| domain.name).collect();
        names.sort();
        show::names(&app.printer, &self.output, &names)?;
        Ok(code::OK)
    }
}
