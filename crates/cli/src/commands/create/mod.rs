//! `machine create`.

mod count;
mod place;
mod rehearsal;
mod waiting;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;
use machine_core::{Effect, Lifetime, Machine};

use self::count::Outcome;
use self::waiting::Waiting;
use crate::app::App;
use crate::dns;
use crate::failure::{Failure, code};
use crate::known_names;
use crate::machine_args::MachineArgs;
use crate::planning::Choice;
use crate::progress::Progress;
use crate::reaper;
use crate::show::{self, MachineJson, Output};
use crate::sweeps::{self, Reach};
use crate::ttl;
use crate::wish::{Asked, Wish};

const EXAMPLES: &str = "\
Examples:
  machine create web-1 -- python3 -m http.server 8000
  machine create scratch --memory 1g --ttl 2h          no command: it idles until it is destroyed
  machine create web-2 --net none --publish 8080:80 -- ./server
  machine create --name web-3 --type web --wait-for-ip -o json
  machine create web --count 3 --wait                  web-1, web-2 and web-3, once they can be reached
  machine create db --region fra1,ams3 --max-price 0.02
  machine create web-4 --type web --dry-run            what would be sent, and what it would cost";

/// Creates a machine that stays until it is destroyed, and starts it.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Create {
    /// Its name: 2 to 63 lower-case letters, digits and dashes.
    #[arg(required_unless_present = "named")]
    name: Option<OsString>,
    /// The same; what follows is its command then.
    #[arg(long = "name", short = 'n', id = "named", value_name = "NAME")]
    named: Option<String>,
    /// Its own command; without one it idles.
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// By which type of the configuration (`machines:`) it is set up.
    #[arg(long = "type", short = 'm', value_name = "TYPE")]
    of_type: Option<String>,
    /// Put a tag on it.
    #[arg(long, short, value_name = "TAG")]
    tag: Vec<String>,
    /// Create so many at once, called NAME-1 to NAME-N; shows their ids a line each, as they are made.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100), conflicts_with = "volume")]
    count: Option<u16>,
    /// Create what that plan of `machine plan -o json` says, where it says and as big, or nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["size", "region", "cpus", "memory"])]
    plan: Option<PathBuf>,
    /// Which choice of the plan.
    #[arg(long, value_name = "N", default_value = "1", requires = "plan")]
    choice: usize,
    /// Take from the type only how big it is, from what and where, and do not set the machine up.
    #[arg(long, overrides_with = "initialize")]
    no_initialize: bool,
    /// Set the machine up as its type says; the usual way.
    #[arg(long, hide = true)]
    initialize: bool,
    /// What to wait for.
    #[command(flatten)]
    waiting: Waiting,
    /// Give it no name in the account's `dns-zone`.
    #[arg(long, overrides_with = "update_dns")]
    no_update_dns: bool,
    /// Give it its name in the account's `dns-zone`, once it has an address; the usual way.
    #[arg(long, hide = true)]
    update_dns: bool,
    /// How to show it.
    #[command(flatten)]
    output: Output,
    /// Show how it goes on, on a terminal; the usual way.
    #[arg(long, hide = true, overrides_with = "no_progress")]
    progress: bool,
    /// Do not show how it goes on.
    #[arg(long, hide = true)]
    no_progress: bool,
    /// What kind of machine.
    #[command(flatten)]
    machine: MachineArgs,
}

impl Create {
    /// Creates it, waits until it runs, and shows its id, or as JSON all of it. Is as big and where `choice` says, where there is one.
    ///
    /// # Errors
    /// Bad flags before anything is made; then the provider's. Of several, [`code::PARTLY`] where some were made.
    async fn run(&self, app: &App, choice: Option<&Choice>) -> Result<u8, Failure> {
        let (name, first) = self.called();
        self.waiting.possible(app)?;
        let mut wishes = Vec::new();
        for name in count::names(&name, self.count)? {
            let mut wish = Wish::of(app, name, &self.asked(first)).await?;
            if let Some(choice) = choice {
                place::chosen(&mut wish.spec, choice);
            }
            wishes.push(wish);
        }
        if let Some(zone) = wishes.iter().find_map(|wish| wish.zone.as_deref()) {
            dns::zone_exists(app, zone).await?;
        }
        if app.setup().globals.dry_run {
            return rehearsal::show(app, &wishes, &self.output).await;
        }
        sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        app.fleet().await?;
        let progress = Progress::new(&app.printer).hidden_where(self.no_progress);
        let create = async {
            let one = async |wish: &Wish| {
                let _line = progress.line(wish.spec.name.as_str(), "creating");
                self.create(app, wish).await
            };
            Ok(count::at_once(&wishes, one).await)
        };
        let created = progress.during(reaper::watched_where_it_costs(app, create)).await?;
        if created.iter().any(Result::is_ok) {
            let ttl = wishes.first().and_then(|wish| wish.ttl);
            ttl::advise(app, ttl).await?;
        }
        let made: Vec<_> = wishes.iter().zip(created).collect();
        let outcomes = count::at_once(made, async |(wish, created)| match created {
            Err(failure) => Outcome { machine: None, failure: Some(failure) },
            Ok(machine) => {
                let _line = progress.line(wish.spec.name.as_str(), "made, and waited for");
                match self.finish(app, wish, machine.clone()).await {
                    Ok(machine) => Outcome { machine: Some(machine), failure: None },
                    Err(failure) => Outcome { machine: Some(machine), failure: Some(failure) },
                }
            }
        });
        let outcomes = progress.during(outcomes).await;
        if self.count.is_some() {
            return count::conclude(app, &wishes, outcomes, &self.output);
        }
        for Outcome { machine, failure } in outcomes {
            match (failure, machine) {
                (Some(failure), _) => return Err(failure),
                (None, Some(machine)) => {
                    if let Some(format) = self.output.for_programs() {
                        app.printer.value(format, &MachineJson::of(&machine))?;
                    }
                }
                (None, None) => {}
            }
        }
        Ok(code::OK)
    }

    /// Its name, and the first word of its command where that stands in the place of the name.
    fn called(&self) -> (String, Option<&OsStr>) {
        match &self.named {
            Some(named) => (named.clone(), self.name.as_deref()),
            None => (self.name.as_ref().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), None),
        }
    }

    /// What is asked for; `first` is the first word of its command.
    fn asked<'a>(&'a self, first: Option<&'a OsStr>) -> Asked<'a> {
        Asked {
            machine: &self.machine,
            command: first.into_iter().chain(self.command.iter().map(OsString::as_os_str)).collect(),
            of_type: self.of_type.as_deref(),
            tags: &self.tag,
            initialize: !self.no_initialize,
            update_dns: !self.no_update_dns,
        }
    }

    /// Creates it, and shows its id: whatever comes of it now, whoever reads this knows what there is.
    async fn create(&self, app: &App, wish: &Wish) -> Result<Machine, Failure> {
        let machine = app.fleet().await?.create(&wish.spec, Lifetime::Deadline, wish.deadline).await?;
        known_names::created(app, &machine.name).await;
        let bare = app.printer.is_quiet() || self.count.is_some();
        let says = format!("New machine created with id: {}", machine.id);
        match (self.output.for_programs(), bare) {
            (None, true) => app.printer.line(&machine.id)?,
            (None, false) => app.printer.line(says)?,
            (Some(_), _) => app.printer.note(says),
        }
        Ok(machine)
    }

    /// Waits for it, and gives it its name in the zone.
    async fn finish(&self, app: &App, wish: &Wish, machine: Machine) -> Result<Machine, Failure> {
        let zone = wish.zone.as_ref();
        let machine = self.waiting.wait(app, machine, zone.is_some()).await?;
        match (zone, show::public_ip(&machine)) {
            (Some(zone), Some(ip)) => {
                let publish = async {
                    dns::publish(app, &machine, zone, ip).await.map_err(|error| {
                        let error = error.with_effect(Effect::Applied).with_context("id", machine.id.to_string());
                        error
                            .with_hint("the machine runs, and has no name in the zone; `machine destroy` ends it")
                            .into()
                    })
                };
                let record = reaper::watched_where_it_costs(app, publish).await?;
                app.printer.note(format_args!("DNS: {}", dns::whole_name(&record.name, zone)));
            }
            (Some(_), None) => app.printer.note(format_args!(
                "{}: it has no address yet that could be given a name; `machine domains add-name` does that later",
                machine.name
            )),
            (None, _) => {}
        }
        Ok(machine)
    }
}
