//! `machine snapshots`.

use clap::{Args, Subcommand};
use machine_core::{Clock, Error, Lifetime, ProviderExt as _, Result, Snapshot, SnapshotSpec};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::named;
use crate::show::{self, Column, ListOutput};
use crate::sweeps::{self, Reach};
use crate::{confirm, reaper};

/// Copies of machines' disks.
#[derive(Debug, Subcommand)]
pub(crate) enum Snapshots {
    /// Take a snapshot of a machine.
    Create(Create),
    /// List the snapshots.
    #[command(visible_alias = "ls")]
    List(List),
    /// Destroy snapshots.
    #[command(visible_alias = "rm")]
    Destroy(Destroy),
}

/// What one does with a snapshot in its life.
pub(crate) const EXAMPLES: &str = "\
Examples:
  machine snapshots create web-1 before-the-upgrade
  machine snapshots list
  machine snapshots destroy before-the-upgrade";
const CREATE: &str = "\
Examples:
  machine snapshots create web-1
  machine snapshots create web-1 before-the-upgrade";
const LIST: &str = "\
Examples:
  machine snapshots list
  machine snapshots list -o json";
const DESTROY: &str = "\
Examples:
  machine snapshots destroy before-the-upgrade";

/// Takes a snapshot of a machine: a copy of its disk that outlives it, and that machines can be made from.
#[derive(Debug, Args)]
#[command(before_help = CREATE)]
pub(crate) struct Create {
    /// Of which machine, by name or id.
    machine: String,
    /// Its name [default: that of the machine and the time].
    name: Option<String>,
}

/// Lists the snapshots.
#[derive(Debug, Args)]
#[command(before_help = LIST, after_help = show::columns_help(&columns(&Clock::default())))]
pub(crate) struct List {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

/// Destroys snapshots.
#[derive(Debug, Args)]
#[command(before_help = DESTROY)]
pub(crate) struct Destroy {
    /// Which, by name or id.
    #[arg(required = true, value_name = "SNAPSHOT")]
    snapshots: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Snapshots {
    /// Does what was asked for.
    ///
    /// # Errors
    /// `Unsupported` where the provider takes no snapshots; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        of(app)?;
        if !matches!(self, Self::List(_)) {
            sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        }
        match self {
            Self::Create(create) => create.run(app).await,
            Self::List(list) => list.run(app).await,
            Self::Destroy(destroy) => destroy.run(app).await,
        }
    }
}

impl Create {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let app = app.patient()?;
        let machine = app.provider().resolve(&self.machine).await?;
        let time = app.clock().now().strftime("%Y%m%d-%H%M%S");
        let name = self.name.clone().unwrap_or_else(|| format!("{}-{time}", machine.name));
        let spec = SnapshotSpec { name, machine: machine.id.clone() };
        if app.only_tells(format_args!("take snapshot {} of {} ({})", spec.name, machine.name, spec.machine))? {
            return Ok(code::OK);
        }
        let fleet = app.fleet().await?;
        let create = async { Ok(fleet.create_snapshot(&spec, Lifetime::Deadline, None).await?) };
        let snapshot = reaper::watched_where_it_costs(&app, create).await?;
        app.printer.line(&snapshot.id)?;
        app.printer.note("what a snapshot costs follows from its size, and is charged until it is destroyed");
        Ok(code::OK)
    }
}

impl List {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let mut snapshots = of(app)?.list().await?;
        snapshots.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        let list = show::List::new(&snapshots, columns(app.clock()), |snapshot| snapshot.id.to_string())
            .nothing("There are no snapshots. `machine snapshots create MACHINE` takes one.");
        self.output.show(&app.printer, list)?;
        Ok(code::OK)
    }
}

fn columns(clock: &Clock) -> Vec<Column<'_, Snapshot>> {
    vec![
        Column::new("NAME", |snapshot: &Snapshot| snapshot.name.clone()),
        Column::new("SIZE", |snapshot: &Snapshot| snapshot.size_gib.map(|gib| format!("{gib}g")).unwrap_or_default()),
        Column::time("CREATED", clock, |snapshot| snapshot.created_at),
        Column::whole("ID", |snapshot: &Snapshot| snapshot.id.to_string()),
    ]
}

impl Destroy {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let snapshots = of(app)?.list().await?;
        let destroy = super::each(&app.printer, &self.snapshots, async |wanted| {
            let snapshot = named::among(&snapshots, wanted)?;
            if app.only_tells(format_args!("destroy snapshot {} ({})", snapshot.name, snapshot.id))? {
                return Ok(());
            }
            if !self.yes {
                confirm::destroying(&app.printer, "snapshot", &snapshot.name, snapshot.id.as_str())?;
            }
            app.fleet().await?.destroy_snapshot(&snapshot.id, app.destroy_deadline()).await?;
            app.printer.progress(format_args!("{}: destroyed", snapshot.name));
            Ok(())
        });
        reaper::watched_where_it_costs(app, destroy).await
    }
}

fn of(app: &App) -> Result<&dyn machine_core::Snapshots> {
    app.provider()
        .snapshots()
        .ok_or_else(|| Error::unsupported(app.provider().info().kind, "snapshots of machines are not taken there"))
}
