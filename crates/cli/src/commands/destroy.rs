//! `machine destroy`.

use clap::Args;
use machine_core::{Error, ErrorKind, Machine, MachineId, ProviderExt as _};

use crate::app::App;
use crate::failure::Failure;
use crate::sweeps::{self, Reach};
use crate::{confirm, known_names, reaper, show};

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
        sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        if !self.yes {
            let mut lines = Vec::new();
            for name in &self.names {
                lines.push(match found(app, name).await? {
                    Found::Machine(machine) => {
                        format!("  {} ({}, {})", show::clean(&machine.name), machine.id, show::state(&machine))
                    }
                    Found::Unreadable(id) => format!("  {id} (its record cannot be read)"),
                });
            }
            confirm::destroying(&app.printer, &lines)?;
        }
        let destroy = super::each(&app.printer, &self.names, async |name| {
            let (id, name) = match found(app, name).await? {
                Found::Machine(machine) => (machine.id, machine.name),
                Found::Unreadable(id) => (id, name.to_owned()),
            };
            app.fleet().await?.destroy(&id, app.destroy_deadline()).await?;
            known_names::destroyed(app, &name).await;
            app.printer.progress(format_args!("{name}: destroyed"));
            Ok(())
        });
        reaper::watched_where_it_costs(app, destroy).await
    }
}

/// What is to be destroyed.
enum Found {
    Machine(Box<Machine>),
    /// There is a machine of this id, and nobody can tell more of it.
    Unreadable(MachineId),
}

/// The machine of that name or id. One whose record cannot be read is taken at its word, if that is an id.
async fn found(app: &App, name: &str) -> Result<Found, Error> {
    match app.provider().resolve(name).await {
        Ok(machine) => Ok(Found::Machine(Box::new(machine))),
        Err(error) if error.kind() == ErrorKind::System && name.starts_with("m-") => {
            Ok(Found::Unreadable(MachineId::new(name)))
        }
        Err(error) => Err(error),
    }
}
