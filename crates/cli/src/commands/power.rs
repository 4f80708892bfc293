//! `machine start`, `stop`, `suspend` and `restart`.

use std::time::Duration;

use clap::Args;
use machine_core::{Deadline, Error, ErrorKind, Goal, MachineState, Power, ProviderExt as _, Until};

use crate::app::App;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::sweeps::{self, Reach};
use crate::{show, values};

/// How long a machine may take to get where it is told to, beyond its grace, before we say that it does not.
const PATIENCE: Duration = Duration::from_mins(1);

const START: &str = "\
Examples:
  machine start web-1";
const STOP: &str = "\
Examples:
  machine stop web-1
  machine stop --grace 1m database";
const SUSPEND: &str = "\
Examples:
  machine suspend web-1                  `machine start web-1` resumes it";
const RESTART: &str = "\
Examples:
  machine restart web-1 web-2";

/// Starts machines that are stopped. One that runs is left alone.
#[derive(Debug, Args)]
#[command(before_help = START)]
pub(crate) struct Start {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

/// Stops machines; what is on them stays. One that is stopped is left alone.
#[derive(Debug, Args)]
#[command(before_help = STOP)]
pub(crate) struct Stop {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// How long a machine may take to end by itself before it is killed.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::duration)]
    grace: Duration,
}

/// Suspends machines: their memory is kept, and `start` resumes them where they were.
#[derive(Debug, Args)]
#[command(before_help = SUSPEND)]
pub(crate) struct Suspend {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

/// Stops machines and starts them again.
#[derive(Debug, Args)]
#[command(before_help = RESTART)]
pub(crate) struct Restart {
    /// Which, by name or id.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// How long a machine may take to end by itself before it is killed.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = values::duration)]
    grace: Duration,
}

impl Start {
    /// Starts them.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        bring(app, &self.names, ("start", Some(MachineState::Running)), Power::Start, Goal::Running, PATIENCE).await
    }
}

impl Stop {
    /// Stops them.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let (to, patience) = (Power::Stop { grace: self.grace }, self.grace + PATIENCE);
        bring(app, &self.names, ("stop", Some(MachineState::Stopped)), to, Goal::Ended, patience).await
    }
}

impl Suspend {
    /// Suspends them.
    ///
    /// # Errors
    /// `Unsupported` where the provider suspends none; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let provider = app.provider();
        if !provider.capabilities().suspend {
            let error = Error::unsupported(provider.info().kind, "machines cannot be suspended");
            return Err(error.with_hint("`machine stop` keeps what is on them").into());
        }
        bring(app, &self.names, ("suspend", Some(MachineState::Suspended)), Power::Suspend, Goal::Ended, PATIENCE).await
    }
}

impl Restart {
    /// Restarts them.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let (to, patience) = (Power::Reboot { grace: self.grace }, self.grace + PATIENCE);
        bring(app, &self.names, ("restart", None), to, Goal::Running, patience).await
    }
}

/// Brings them there. The verb is for who only wants to be told, with the state of one that is left alone.
async fn bring(
    app: &App,
    names: &[String],
    (verb, left_alone): (&str, Option<MachineState>),
    to: Power,
    goal: Goal,
    patience: Duration,
) -> Result<u8, Failure> {
    sweeps::settle_dead_clients(app, Reach::Everywhere).await;
    let progress = Progress::new(&app.printer);
    let doing = match to {
        Power::Start => "starting",
        Power::Reboot { .. } => "restarting",
        Power::Suspend => "suspending",
        _ => "stopping",
    };
    for name in names {
        progress.set(name, "waiting");
    }
    let all = super::each(&app.printer, names, async |name| {
        let _line = progress.line(name, doing);
        let machine = app.provider().resolve(name).await?;
        if app.setup().globals.dry_run && left_alone.as_ref() == Some(&machine.state) {
            return Ok(());
        }
        if app.only_tells(format_args!("{verb} {} ({})", show::clean(&machine.name), machine.id))? {
            return Ok(());
        }
        app.provider().power(&machine.id, to).await?;
        let until = Until { goal, deadline: Deadline::after(patience) };
        match app.provider().wait(&machine.id, &until).await {
            Ok(machine) => app.printer.progress(format_args!("{}: {}", machine.name, show::state(&machine))),
            // Its own command may be over before anybody looks.
            Err(error) if goal == Goal::Running && error.kind() == ErrorKind::Conflict => {
                let machine = app.provider().get(&machine.id).await?;
                if machine.exit.is_none() {
                    return Err(error.into());
                }
                app.printer.note(format_args!("{}: started, and has ended: {}", machine.name, show::state(&machine)));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    });
    progress.during(all).await
}
