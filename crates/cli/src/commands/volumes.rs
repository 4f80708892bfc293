//! `machine volumes`.

use clap::{Args, Subcommand};
use machine_core::{
    Error, ErrorKind, Lifetime, Machine, MachineName, ProviderExt as _, Volume, VolumeMount, VolumeSpec,
};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::show::{self, Column, ListOutput};
use crate::sweeps::{self, Reach};
use crate::values::{self, VolumeArg};
use crate::{confirm, named, reaper, volume_name};

/// Storage that outlives a machine.
#[derive(Debug, Subcommand)]
pub(crate) enum Volumes {
    /// Create a volume.
    Create(Create),
    /// List the volumes.
    #[command(visible_alias = "ls")]
    List(List),
    /// Attach a volume to a machine.
    Attach(Attach),
    /// Detach a volume from the machine that has it.
    Detach(Detach),
    /// Make a volume larger.
    Resize(Resize),
    /// Destroy volumes and what is on them.
    #[command(visible_alias = "rm")]
    Destroy(Destroy),
}

/// What one does with a volume in its life.
pub(crate) const EXAMPLES: &str = "\
Examples:
  machine volumes create data --size 20g
  machine create db --volume data:/srv/data
  machine volumes list";
const CREATE: &str = "\
Examples:
  machine volumes create data
  machine volumes create data --size 20g";
const LIST: &str = "\
Examples:
  machine volumes list
  machine volumes list -o json";
const ATTACH: &str = "\
Examples:
  machine volumes attach data web-1:/srv/data";
const DETACH: &str = "\
Examples:
  machine volumes detach data";
const RESIZE: &str = "\
Examples:
  machine volumes resize data 40g";
const DESTROY: &str = "\
Examples:
  machine volumes destroy data";

/// Creates a volume.
#[derive(Debug, Args)]
#[command(before_help = CREATE)]
pub(crate) struct Create {
    /// Its name.
    name: String,
    /// How big, in whole GiB (20g, 1t) [default: the smallest that there is].
    #[arg(long, short, value_name = "SIZE", value_parser = values::gib)]
    size: Option<u64>,
    /// Where; the provider's default otherwise.
    #[arg(long, short, value_name = "REGION")]
    region: Option<String>,
}

/// Lists the volumes.
#[derive(Debug, Args)]
#[command(before_help = LIST, after_help = show::columns_help(&columns(&[])))]
pub(crate) struct List {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

/// Attaches a volume to a machine.
#[derive(Debug, Args)]
#[command(before_help = ATTACH)]
pub(crate) struct Attach {
    /// Which volume, by name or id.
    volume: String,
    /// Which machine, by name or id, and where it is to show inside.
    #[arg(value_name = "MACHINE:/PATH")]
    target: VolumeArg,
}

/// Detaches a volume from the machine that has it.
#[derive(Debug, Args)]
#[command(before_help = DETACH)]
pub(crate) struct Detach {
    /// Which, by name or id.
    volume: String,
}

/// Makes a volume larger.
#[derive(Debug, Args)]
#[command(before_help = RESIZE)]
pub(crate) struct Resize {
    /// Which, by name or id.
    volume: String,
    /// How big it is to be, in whole GiB (40g, 1t).
    #[arg(value_parser = values::gib)]
    size: u64,
}

/// Destroys volumes and what is on them.
#[derive(Debug, Args)]
#[command(before_help = DESTROY)]
pub(crate) struct Destroy {
    /// Which, by name or id.
    #[arg(required = true, value_name = "VOLUME")]
    volumes: Vec<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Volumes {
    /// Does what was asked for.
    ///
    /// # Errors
    /// The provider's; `Unsupported` where it has no volumes.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        if !matches!(self, Self::List(_)) {
            sweeps::settle_dead_clients(app, Reach::Everywhere).await;
        }
        match self {
            Self::Create(create) => create.run(app).await,
            Self::List(list) => list.run(app).await,
            Self::Attach(attach) => attach.run(app).await,
            Self::Detach(detach) => detach.run(app).await,
            Self::Resize(resize) => resize.run(app).await,
            Self::Destroy(destroy) => destroy.run(app).await,
        }
    }
}

impl Create {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let name: MachineName = self.name.parse().map_err(|error: machine_core::NameError| {
            Error::new(ErrorKind::Invalid, error.to_string().replace("machine's", "volume's"))
        })?;
        let smallest = app.provider().capabilities().limits.smallest_volume_gib;
        let spec = VolumeSpec { name, size_gib: self.size.unwrap_or(smallest), region: self.region.clone() };
        if app.only_tells(format_args!("create volume {} of {} GiB", spec.name, spec.size_gib))? {
            return Ok(code::OK);
        }
        let fleet = app.fleet().await?;
        let create = async { Ok(fleet.create_volume(&spec, Lifetime::Deadline, None).await?) };
        let volume = reaper::watched_where_it_costs(app, create).await?;
        for note in &volume.notes {
            app.printer.note(note);
        }
        app.printer.line(&volume.id)?;
        Ok(code::OK)
    }
}

impl List {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let mut volumes = volume_name::all(app).await?;
        volumes.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
        // Machines by name, where any volume is attached to one.
        let machines = if volumes.iter().any(|volume| volume.attached_to.is_some()) && !self.output.is_for_programs() {
            app.provider().list_all(machine_core::Selector::all()).await?.0
        } else {
            Vec::new()
        };
        let list = show::List::new(&volumes, columns(&machines), |volume: &Volume| volume.id.to_string())
            .nothing("There are no volumes. `machine volumes create NAME` makes one.");
        self.output.show(&app.printer, list)?;
        Ok(code::OK)
    }
}

fn columns(machines: &[Machine]) -> Vec<Column<'_, Volume>> {
    let holder = |volume: &Volume| {
        let attached = volume.attached_to.as_ref()?;
        let named = machines.iter().find(|machine| machine.id == attached.machine);
        Some(named.map_or_else(|| attached.machine.to_string(), |machine| machine.name.clone()))
    };
    vec![
        Column::new("NAME", |volume: &Volume| volume.name.clone()),
        Column::new("SIZE", |volume: &Volume| format!("{}g", volume.size_gib)),
        Column::new("MACHINE", move |volume: &Volume| holder(volume).unwrap_or_default()),
        Column::new("PATH", |volume: &Volume| {
            volume.attached_to.as_ref().and_then(|attached| attached.path.clone()).unwrap_or_default()
        }),
        Column::whole("ID", |volume: &Volume| volume.id.to_string()),
        Column::new("REGION", |volume: &Volume| volume.region.clone().unwrap_or_default()).on_request(),
    ]
}

impl Attach {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let volumes = volume_name::all(app).await?;
        let volume = named::among(&volumes, &self.volume)?;
        let machine = app.provider().resolve(&self.target.name).await?;
        let mount = VolumeMount { volume: volume.id.clone(), path: self.target.path.clone() };
        if app.only_tells(format_args!("attach volume {} to {} at {}", volume.name, machine.name, mount.path))? {
            return Ok(code::OK);
        }
        volume_name::of(app)?.attach(&machine.id, &mount).await?;
        app.printer.progress(format_args!("{}: attached to {} at {}", volume.name, machine.name, mount.path));
        Ok(code::OK)
    }
}

impl Detach {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let volumes = volume_name::all(app).await?;
        let volume = named::among(&volumes, &self.volume)?;
        if app.only_tells(format_args!("detach volume {} ({})", volume.name, volume.id))? {
            return Ok(code::OK);
        }
        volume_name::of(app)?.detach(&volume.id).await?;
        app.printer.progress(format_args!("{}: detached", volume.name));
        Ok(code::OK)
    }
}

impl Resize {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let volumes = volume_name::all(app).await?;
        let volume = named::among(&volumes, &self.volume)?;
        let (now, then) = (volume.size_gib, self.size);
        if app.only_tells(format_args!("resize volume {} ({}) from {now} to {then} GiB", volume.name, volume.id))? {
            return Ok(code::OK);
        }
        let volume = volume_name::of(app)?.resize(&volume.id, self.size).await?;
        app.printer.progress(format_args!("{}: {} GiB", volume.name, volume.size_gib));
        Ok(code::OK)
    }
}

impl Destroy {
    async fn run(&self, app: &App) -> Result<u8, Failure> {
        let volumes = volume_name::all(app).await?;
        let destroy = super::each(&app.printer, &self.volumes, async |name| {
            let volume = named::among(&volumes, name)?;
            if app.only_tells(format_args!("destroy volume {} ({})", volume.name, volume.id))? {
                return Ok(());
            }
            if !self.yes {
                confirm::destroying(&app.printer, "volume", &volume.name, volume.id.as_str())?;
            }
            app.fleet().await?.destroy_volume(&volume.id, app.destroy_deadline()).await?;
            app.printer.progress(format_args!("{}: destroyed", volume.name));
            Ok(())
        });
        reaper::watched_where_it_costs(app, destroy).await
    }
}
