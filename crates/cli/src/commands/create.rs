//! `machine create`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use machine_core::{Deadline, Effect, Error, ErrorKind, Goal, Lifetime, Machine, MachineName, OsText, Until};

use super::version::TextOrJson;
use crate::app::App;
use crate::client_id;
use crate::dns;
use crate::failure::{Failure, code};
use crate::known_names;
use crate::machine_args::MachineArgs;
use crate::reaper;
use crate::show::{self, MachineJson};
use crate::sweeps::{self, Reach};
use crate::ttl;
use crate::typed::Typed;

/// How long a machine that was accepted may take to run before we stop watching: some clouds install for minutes.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long to wait before looking for an address again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples:
  machine create web-1 -- python3 -m http.server 8000
  machine create scratch --memory 1g --ttl 2h          no command: it idles until it is destroyed
  machine create web-2 --net none --publish 8080:80 -- ./server
  machine create --name web-3 --type web --wait-for-ip -o json";

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
    /// Take from the type only how big it is, from what and where, and do not set the machine up.
    #[arg(long, overrides_with = "initialize")]
    no_initialize: bool,
    /// Set the machine up as its type says; the usual way.
    #[arg(long, hide = true)]
    initialize: bool,
    /// Wait until it has a public address.
    #[arg(long, overrides_with = "no_wait_for_ip")]
    wait_for_ip: bool,
    /// Do not wait for a public address.
    #[arg(long, hide = true)]
    no_wait_for_ip: bool,
    /// Give it no name in the account's `dns-zone`.
    #[arg(long, overrides_with = "update_dns")]
    no_update_dns: bool,
    /// Give it its name in the account's `dns-zone`, once it has an address; the usual way.
    #[arg(long, hide = true)]
    update_dns: bool,
    /// Show what is waited for, where a terminal is there to show it; the usual way.
    #[arg(long, hide = true, overrides_with = "no_progress")]
    progress: bool,
    /// The same the other way round.
    #[arg(long, hide = true)]
    no_progress: bool,
    /// In which shape.
    #[arg(long, short, value_name = "text|json", default_value = "text", hide_possible_values = true)]
    output: TextOrJson,
    /// What kind of machine.
    #[command(flatten)]
    machine: MachineArgs,
}

impl Create {
    /// Creates it, waits until it runs, and shows its id, or as JSON all of it.
    ///
    /// # Errors
    /// Bad flags before anything is made; then the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let (name, first) = match &self.named {
            Some(named) => (named.clone(), self.name.as_ref()),
            None => (self.name.as_ref().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(), None),
        };
        let name: MachineName = name.parse()?;
        let typed = self.of_type.as_deref().map(|name| Typed::find(app, name)).transpose()?;
        let ttl = ttl::effective(app, self.machine.ttl, typed.as_ref())?;
        let deadline = ttl.map(|ttl| ttl.deadline(app.clock())).transpose()?.flatten();
        let configured = dns::configured_zone(app);
        let fqdn = configured.as_deref().map(|zone| dns::whole_name(name.as_str(), zone)).unwrap_or_default();
        let zone = configured.filter(|_| !self.no_update_dns && app.provider().dns().is_some());
        let mut spec = self.machine.spec(app, name).await?;
        spec.env = self.machine.env(app)?;
        spec.command = first.into_iter().chain(&self.command).map(|part| OsText::from(part.as_os_str())).collect();
        spec.workdir = self.machine.workdir.as_deref().map(OsText::from);
        if let Some(typed) = &typed {
            typed.complete(app, &mut spec).await?;
            if !self.no_initialize {
                typed.initialize(app, &mut spec, &fqdn).await?;
            }
        }
        if app.provider().capabilities().tags {
            spec.tags = client_id::tags(&client_id::settled(app.setup())?, self.of_type.as_deref(), &self.tag);
        } else if let Some(tag) = self.tag.first() {
            let what = format!("a machine cannot have tags, `{tag}` or any other");
            return Err(Error::unsupported(app.provider().info().kind, what)
                .with_hint("`--label K=V` does the same")
                .into());
        }
        if let Some(zone) = &zone {
            dns::zone_exists(app, zone).await?;
        }
        sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        let fleet = app.fleet().await?;
        let create = async { Ok(fleet.create(&spec, Lifetime::Deadline, deadline).await?) };
        let machine = reaper::watched_where_it_costs(app, create).await?;
        known_names::created(app, &machine.name).await;
        match (self.output, app.printer.is_quiet()) {
            (TextOrJson::Text, true) => app.printer.line(&machine.id)?,
            (TextOrJson::Text, false) => {
                app.printer.line(format_args!("New machine created with id: {}", machine.id))?;
            }
            // Whatever comes of it now, whoever reads this knows what there is.
            (TextOrJson::Json, _) => app.printer.note(format_args!("New machine created with id: {}", machine.id)),
        }
        ttl::advise(app, ttl).await?;
        let until = Until { goal: Goal::Running, deadline: Deadline::after(PATIENCE) };
        let machine = match app.provider().wait(&machine.id, &until).await {
            Ok(machine) => {
                for note in &machine.notes {
                    app.printer.note(format_args!("{}: {note}", machine.name));
                }
                machine
            }
            // A short command may be over before anybody looks; that is its business, not a failure of ours.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let machine = app.provider().get(&machine.id).await?;
                app.printer.note(format_args!("{}: {}", machine.name, show::state(&machine)));
                if let Some(message) = machine.exit.as_ref().and_then(|exit| exit.message.as_ref()) {
                    app.printer.note(message);
                }
                machine
            }
            Err(error) => return Err(error.into()),
        };
        let with_ip = self.wait_for_ip || zone.is_some();
        let machine = if with_ip { self.with_ip(app, machine, &until).await? } else { machine };
        if let (Some(zone), Some(ip)) = (&zone, show::public_ip(&machine)) {
            let publish = async {
                dns::publish(app, &machine, zone, ip).await.map_err(|error| {
                    let error = error.with_effect(Effect::Applied).with_context("id", machine.id.to_string());
                    error.with_hint("the machine runs, and has no name in the zone; `machine destroy` ends it").into()
                })
            };
            let record = reaper::watched_where_it_costs(app, publish).await?;
            app.printer.note(format_args!("DNS: {}", dns::whole_name(&record.name, zone)));
        }
        if let TextOrJson::Json = self.output {
            app.printer.json(&MachineJson::of(&machine))?;
        }
        Ok(code::OK)
    }

    /// The machine once it has a public address, which is shown.
    async fn with_ip(&self, app: &App, mut machine: Machine, until: &Until) -> Result<Machine, Failure> {
        let late = |machine: &Machine| {
            let what = format!("the machine `{}` ({}) runs and has no public address yet", machine.name, machine.id);
            Error::new(ErrorKind::Timeout, what).with_effect(Effect::Applied).with_hint("`machine destroy` ends it")
        };
        loop {
            if let Some(ip) = show::public_ip(&machine) {
                match (app.printer.is_quiet(), self.output) {
                    (true, _) => app.printer.word(ip),
                    (false, _) => app.printer.note(format_args!("IP Address: {ip}")),
                }
                return Ok(machine);
            }
            if !app.provider().capabilities().remote || until.deadline.passed() {
                return Err(late(&machine).into());
            }
            tokio::time::sleep(BETWEEN_LOOKS.min(until.deadline.remaining())).await;
            machine = app.provider().get(&machine.id).await?;
        }
    }
}
