//! `machine adopt`.

use std::time::Duration;

use clap::Args;
use machine_core::{Error, ErrorKind, ProviderExt as _};
use machine_fleet::StateDir;

use crate::app::App;
use crate::failure::Failure;
use crate::{show, values};

const EXAMPLES: &str = "\
Examples:
  machine adopt web-1                    made with the cloud's own console
  machine adopt build-7 --ttl 2h
  machine adopt --yes db-1               another computer's, whose ledger is lost";

/// Takes over machines that were made elsewhere: this computer's ledger has them then, and `machine gc` holds them to their
/// deadline.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Adopt {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Destroy them after this time, from now on.
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    ttl: Option<Duration>,
    /// Take them over from another owner too.
    #[arg(long, short)]
    yes: bool,
}

impl Adopt {
    /// Takes them over, and says whose they were.
    ///
    /// # Errors
    /// `Conflict` for another owner's without `--yes`; the provider's and the ledger's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let deadline = values::deadline(app.clock(), self.ttl)?;
        super::each(&app.printer, &self.names, async |name| {
            let machine = app.provider().resolve(name).await?;
            // Where nothing was ever made there is no owner yet.
            let us = StateDir::owner_at(app.state())?;
            let owner = machine.markers.as_ref().map(|markers| &markers.owner);
            let owner = owner.filter(|owner| us.as_ref() != Some(*owner));
            if let Some(owner) = owner.filter(|_| !self.yes) {
                let what = format!("the machine `{}` is looked after by another owner, {owner}", machine.name);
                let hint = "add --yes to take it over; that owner's `machine gc` leaves it alone then";
                return Err(Error::new(ErrorKind::Conflict, what).with_hint(hint).into());
            }
            if app.only_tells(format_args!("take over {} ({})", show::clean(&machine.name), machine.id))? {
                return Ok(());
            }
            let adopted = app.fleet().await?.adopt(&machine.id, deadline).await?;
            let until = adopted.markers.and_then(|markers| markers.deadline);
            let until = until.map(|deadline| format!(", until {deadline:.0}")).unwrap_or_default();
            app.printer.line(format!("Machine {} ({}) is ours{until}", show::clean(&adopted.name), adopted.id))?;
            Ok(())
        })
        .await
    }
}
