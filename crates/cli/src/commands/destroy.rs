//! `machine destroy`.

use clap::Args;
use machine_core::{Error, ErrorKind, Machine, MachineId, ProviderExt as _};

use crate::app::App;
use crate::choose::Us;
use crate::client_id::Whose;
use crate::failure::{Failure, code};
use crate::progress::Progress;
use crate::sweeps::{self, Reach};
use crate::{confirm, dns, known_names, reaper, show};

const EXAMPLES: &str = "\
Examples:
  machine destroy web-1
  machine destroy --no-confirm build-7 build-8
  machine destroy --all --no-confirm $(machine list --all --name old -q)";

/// Destroys machines and what is on them. Volumes stay.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Destroy {
    /// Which, by name or id; without any there is nothing to do.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Do not ask.
    #[arg(long, short, visible_alias = "no-confirm", overrides_with = "confirm")]
    yes: bool,
    /// Ask before each; the usual way.
    #[arg(long, hide = true)]
    confirm: bool,
    /// Leave its name in the account's `dns-zone`, and whatever else was made for it.
    #[arg(long, visible_alias = "keep-dns", overrides_with = "delete_dns")]
    no_delete_dns: bool,
    /// Take its name out of the account's `dns-zone`; the usual way.
    #[arg(long, hide = true)]
    delete_dns: bool,
    /// Also those that other tools, other clients and other computers made.
    #[arg(long, short)]
    all: bool,
}

impl Destroy {
    /// Asks before each, and destroys them. One that fails does not keep the others from going.
    ///
    /// # Errors
    /// `Conflict` for what is not ours, without `--all`; `Cancelled` where the answer is not YES; `NotFound` with the nearest
    /// names.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        if self.names.is_empty() {
            return Ok(code::OK);
        }
        sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        let us = Us::of(app)?;
        let progress = Progress::new(&app.printer);
        if self.yes {
            for name in &self.names {
                progress.set(name, "waiting");
            }
        }
        let destroy = super::each(&app.printer, &self.names, async |asked| {
            let _line = progress.line(asked, "looked for");
            let (id, name, machine) = match found(app, asked).await? {
                Found::Machine(machine) => {
                    if !self.all {
                        refuse(&machine, us.whose(&machine))?;
                    }
                    (machine.id.clone(), machine.name.clone(), Some(machine))
                }
                Found::Unreadable(id) => (id, asked.to_owned(), None),
            };
            if app.only_tells(format_args!("destroy {} ({id})", show::clean(&name)))? {
                if let Some(machine) = machine.as_deref().filter(|_| !self.no_delete_dns) {
                    withdraw(app, machine).await?;
                }
                return Ok(());
            }
            if !self.yes {
                confirm::destroying(&app.printer, "machine", &name, id.as_str())?;
            }
            if let Some(machine) = machine.as_deref().filter(|_| self.no_delete_dns) {
                release(app, machine).await?;
            }
            progress.set(asked, "destroying");
            app.fleet().await?.destroy(&id, app.destroy_deadline()).await?;
            known_names::destroyed(app, &name).await;
            if let Some(machine) = machine.as_deref().filter(|_| !self.no_delete_dns) {
                withdraw(app, machine).await?;
            }
            app.printer.progress(format_args!("{name}: destroyed"));
            Ok(())
        });
        progress.during(reaper::watched_where_it_costs(app, destroy)).await
    }
}

/// Lets what was made for the machine stay, and says what that is.
async fn release(app: &App, machine: &Machine) -> Result<(), Failure> {
    let Some(markers) = &machine.markers else { return Ok(()) };
    for kept in app.fleet().await?.release(markers.intent).await? {
        let (kind, name) = (kept.intent.resource.as_str(), show::clean(&kept.intent.name));
        app.printer.note(format_args!("{}: kept {kind} {name}", machine.name));
    }
    Ok(())
}

/// Takes the machine's name out of the zone where it has one: records with its name and its address, whoever made them.
async fn withdraw(app: &App, machine: &Machine) -> Result<(), Failure> {
    let zone = dns::configured_zone(app).filter(|_| app.provider().dns().is_some());
    if let (Some(zone), Some(ip)) = (zone, show::public_ip(machine)) {
        dns::withdraw(app, machine, &zone, ip).await?;
    }
    Ok(())
}

/// Refuses what is not ours.
fn refuse(machine: &Machine, whose: Whose) -> Result<(), Error> {
    let why = match whose {
        Whose::Ours => return Ok(()),
        Whose::AnotherClients => "it was created by a different session",
        Whose::Elsewhere => "it was not created by this tool",
    };
    let what = format!("Cannot destroy machine \"{}\" (id: {}), {why}.", machine.name, machine.id);
    Err(Error::new(ErrorKind::Conflict, what).with_hint("add --all to destroy it all the same"))
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
