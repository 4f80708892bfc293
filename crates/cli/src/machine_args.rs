//! The flags that say what kind of machine is wanted, for `run` and `create` alike.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use machine_core::{
    EnvVar, Environment, Error, ErrorKind, MachineName, MachineSpec, Money, Network, Port, Price, ProviderOptions as _,
    Result, SizeRequest, VolumeMount,
};
use machine_local::{LocalOptions, MountText};
use secrecy::SecretString;

use crate::app::App;
use crate::ttl::{self, Ttl};
use crate::values::{self, VolumeArg};
use crate::{named, volume_name};

/// The largest file that is read as user data.
const USER_DATA: u64 = 1 << 20;

/// What kind of machine is wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Machine")]
pub(crate) struct MachineArgs {
    /// Set a variable; K alone takes its value from here.
    #[arg(long, short, value_name = "K[=V]")]
    env: Vec<OsString>,
    /// Set variables from a file of such lines.
    #[arg(long, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Where the command starts.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) workdir: Option<OsString>,
    /// The longest that the machine is needed: its job is ended then, and `machine gc` destroys it (90s, 10m, 2h, 1d; `none`
    /// where the configuration says otherwise) [default: for `create` the configuration's `ttl:`, for `run` a day].
    #[arg(long, value_name = "DURATION", value_parser = ttl::parse)]
    pub(crate) ttl: Option<Ttl>,
    /// What it is made from: `debian-12`, `ubuntu-24.04`, or the provider's own word [default: the configuration's].
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// How big it is, in the provider's word [default: the configuration's].
    #[arg(long, short, visible_alias = "machine-size", value_name = "SIZE", conflicts_with_all = ["cpus", "memory"])]
    size: Option<String>,
    /// Where it is; several with commas between, in order of preference [default: the configuration's].
    #[arg(long, short, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// A registered ssh key that opens it.
    #[arg(long, value_name = "KEY")]
    ssh_key: Vec<String>,
    /// A document for cloud-init, or a script, that it is set up by.
    #[arg(long, value_name = "FILE")]
    user_data: Option<PathBuf>,
    /// Processors; a fraction of one is fine.
    #[arg(long, value_name = "N", value_parser = processors)]
    cpus: Option<f64>,
    /// Memory (512m, 4g).
    #[arg(long, value_name = "SIZE", value_parser = values::mib)]
    memory: Option<u64>,
    /// Refuse it, with exit code 7, where an hour costs more dollars than this, or nobody knows what it costs.
    #[arg(long, value_name = "DOLLARS", value_parser = Money::parse)]
    max_price: Option<Money>,
    /// The most processes and threads.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pids: Option<u64>,
    /// Its network: the provider's usual one, or none but its loopback.
    #[arg(long, value_name = "default|none", default_value = "default", hide_possible_values = true)]
    net: Net,
    /// Reach a port of a machine without a network from here; needs `--net none`.
    #[arg(long, value_name = "HERE:INSIDE", value_parser = values::port)]
    publish: Vec<Port>,
    /// Show a directory or file of this computer inside, at the same path unless DST says otherwise.
    #[arg(long, value_name = "SRC[:DST][:rw]")]
    mount: Vec<OsString>,
    /// Attach a volume.
    #[arg(long, short, value_name = "NAME:/PATH")]
    volume: Vec<VolumeArg>,
    /// Put a label on the machine.
    #[arg(long, short, value_name = "K=V", value_parser = values::label)]
    label: Vec<(String, String)>,
}

/// Which network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Net {
    /// The provider's usual one.
    Default,
    /// None but its loopback.
    None,
}

impl MachineArgs {
    /// Whether it is said what the machine needs, and not only what its size is called.
    pub(crate) fn says_need(&self) -> bool {
        self.cpus.is_some() || self.memory.is_some()
    }

    /// The machine that these flags ask for; its command, variables and working directory are the caller's to set.
    ///
    /// # Errors
    /// The flag that cannot be fulfilled; nothing has been made then.
    pub(crate) async fn spec(&self, app: &App, name: MachineName) -> Result<MachineSpec> {
        let mut spec = MachineSpec::new(name);
        if self.says_need() {
            spec.size = SizeRequest::Need { cpus: self.cpus, memory_mib: self.memory };
        }
        if let Some(size) = &self.size {
            spec.size = SizeRequest::Named(size.clone());
        }
        spec.max_price = self.max_price.map(|hourly| Price { hourly, monthly_cap: None });
        spec.image.clone_from(&self.image);
        spec.regions.clone_from(&self.region);
        spec.ssh_keys.clone_from(&self.ssh_key);
        spec.user_data = self.user_data.as_deref().map(user_data).transpose()?;
        if let Some(pids) = self.pids {
            let kind = app.provider().info().kind;
            if kind != LocalOptions::PROVIDER {
                return Err(Error::unsupported(kind, "the number of processes cannot be limited (`--pids`)"));
            }
            spec.options.set(&LocalOptions { pids: Some(pids), ..Default::default() })?;
        }
        spec.network = match self.net {
            Net::Default => Network::Default,
            Net::None => Network::None,
        };
        if self.net == Net::Default && !self.publish.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "`--publish` is for a machine without a network of its own")
                .with_hint("add `--net none`; without it a machine shares this computer's network and just listens"));
        }
        spec.ports.clone_from(&self.publish);
        for mount in &self.mount {
            spec.mounts.push(MountText::from(mount.clone()).resolve(app.environment().home().as_deref())?);
        }
        if !self.volume.is_empty() {
            let volumes = volume_name::all(app).await?;
            for wanted in &self.volume {
                let volume = named::among(&volumes, &wanted.name)?.id.clone();
                spec.volumes.push(VolumeMount { volume, path: wanted.path.clone() });
            }
        }
        spec.labels = self.label.iter().cloned().collect();
        Ok(spec)
    }

    /// The variables that these flags set: the files' first, so that a flag overrides a file.
    ///
    /// # Errors
    /// The file or flag that is no variable.
    pub(crate) fn env(&self, app: &App) -> Result<Vec<EnvVar>> {
        variables(app.environment(), &self.env, &self.env_file)
    }
}

/// The variables of `--env-file` and then of `--env`.
///
/// # Errors
/// The file or flag that is no variable.
pub(crate) fn variables(here: &Environment, flags: &[OsString], files: &[PathBuf]) -> Result<Vec<EnvVar>> {
    let mut variables = Vec::new();
    for file in files {
        variables.extend(values::env_from_file(here, file)?);
    }
    for flag in flags {
        variables.extend(values::env_from_flag(here, flag)?);
    }
    Ok(variables)
}

/// What a machine is to be set up by. No cloud takes as much as is read.
pub(crate) fn user_data(file: &Path) -> Result<SecretString> {
    let refuse = |why: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Invalid, format!("`--user-data {}`: {why}", file.display()))
    };
    let mut text = Vec::new();
    let read = File::open(file).and_then(|file| file.take(USER_DATA + 1).read_to_end(&mut text));
    read.map_err(|error| refuse(&error))?;
    if text.len() as u64 > USER_DATA {
        return Err(refuse(&"it is larger than 1 MiB, and no cloud takes more than 64 KiB"));
    }
    String::from_utf8(text).map(SecretString::from).map_err(|_| refuse(&"it is not UTF-8"))
}

fn processors(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(cpus) if cpus.is_finite() && cpus >= 0.01 => Ok(cpus),
        _ => Err(format!("`{text}` is not a number of processors; write it like 2 or 0.5")),
    }
}
