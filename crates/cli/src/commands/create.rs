//! `machine create`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use machine_core::{Deadline, ErrorKind, Goal, Lifetime, MachineName, OsText, Until};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::machine_args::MachineArgs;
use crate::sweeps::{self, Reach};
use crate::{known_names, reaper, show, ttl};

/// How long a machine that was accepted may take to run before we stop watching: some clouds install for minutes.
const PATIENCE: Duration = Duration::from_mins(10);

const EXAMPLES: &str = "\
Examples:
  machine create web-1 -- python3 -m http.server 8000
  machine create scratch --memory 1g --ttl 2h          no command: it idles until it is destroyed
  machine create web-2 --net none --publish 8080:80 -- ./server";

/// Creates a machine that stays until it is destroyed, and starts it.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Create {
    /// Its name: 2 to 63 lower-case letters, digits and dashes.
    name: String,
    /// Its own command; without one it idles.
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// What kind of machine.
    #[command(flatten)]
    machine: MachineArgs,
}

impl Create {
    /// Creates it, waits until it runs, and shows its id.
    ///
    /// # Errors
    /// Bad flags before anything is made; then the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let name: MachineName = self.name.parse()?;
        let ttl = ttl::effective(app, self.machine.ttl)?;
        let deadline = ttl.map(|ttl| ttl.deadline(app.clock())).transpose()?.flatten();
        let mut spec = self.machine.spec(app, name).await?;
        spec.env = self.machine.env(app)?;
        spec.command = self.command.iter().map(|part| OsText::from(part.as_os_str())).collect();
        spec.workdir = self.machine.workdir.as_deref().map(OsText::from);
        sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        let fleet = app.fleet().await?;
        let create = async { Ok(fleet.create(&spec, Lifetime::Deadline, deadline).await?) };
        let machine = reaper::watched_where_it_costs(app, create).await?;
        known_names::created(app, &machine.name).await;
        let shown = if app.printer.is_quiet() {
            machine.id.to_string()
        } else {
            format!("New machine created with id: {}", machine.id)
        };
        app.printer.line(shown)?;
        ttl::advise(app, ttl).await?;
        let until = Until { goal: Goal::Running, deadline: Deadline::after(PATIENCE) };
        match app.provider().wait(&machine.id, &until).await {
            Ok(machine) => {
                for note in &machine.notes {
                    app.printer.note(format_args!("{}: {note}", machine.name));
                }
            }
            // A short command may be over before anybody looks; that is its business, not a failure of ours.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                let machine = app.provider().get(&machine.id).await?;
                app.printer.note(format_args!("{}: {}", machine.name, show::state(&machine)));
                if let Some(message) = machine.exit.and_then(|exit| exit.message) {
                    app.printer.note(message);
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(code::OK)
    }
}
