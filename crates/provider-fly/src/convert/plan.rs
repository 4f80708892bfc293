//! What is sent for a machine that is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use machine_core::{Error, ErrorKind, Intent, Lifetime, MachineSpec, Price, Result};
use secrecy::ExposeSecret as _;

use super::command::{variable, wrapped};
use super::metadata;
use crate::options::FlyOptions;
use crate::prices::Prices;
use crate::wire::requests::{CreateMachine, File, Guest, Init, MachineConfig, Mount, Restart};
use crate::{images, sizes};

/// What a machine without a command of its own does on an image that holds nothing but a system.
const IDLE: [&str; 2] = ["sleep", "infinity"];

/// What is used where nobody says.
#[derive(Debug)]
pub(crate) struct Defaults {
    /// The image.
    pub(crate) image: String,
    /// The regions, in order of preference, with commas between; the cloud's choice otherwise.
    pub(crate) region: Option<String>,
    /// The size.
    pub(crate) size: String,
    /// What things cost.
    pub(crate) prices: Prices,
}

/// The request for the machine. Everything that can be refused without asking the cloud is refused here.
///
/// # Errors
/// [`ErrorKind::Invalid`] for what cannot be, [`ErrorKind::Unsupported`] for what Fly does not have, [`ErrorKind::Budget`] for a machine
/// that costs more than it may.
pub(crate) fn plan(intent: &Intent, spec: &MachineSpec, defaults: &Defaults) -> Result<CreateMachine> {
    if !spec.ssh_keys.is_empty() {
        return Err(Error::unsupported(crate::KIND, "Fly registers no ssh keys; put one into a file"));
    }
    let guest = sizes::guest(&spec.size, &defaults.size)?;
    check_price(&guest, spec.max_price, &defaults.prices)?;
    let (image, idles) = images::resolve(spec.image.as_deref().unwrap_or(&defaults.image))?;
    let options = spec.options.get::<FlyOptions>()?.unwrap_or_default();
    let env = spec.env.iter().map(variable).collect::<Result<_>>()?;
    let files = spec.files.iter().map(|file| File {
        guest_path: file.path.clone(),
        raw_value: BASE64.encode(file.contents.expose_secret()),
        mode: file.mode,
    });
    let mounts = spec.volumes.iter().map(|mount| Mount { volume: mount.volume.to_string(), path: mount.path.clone() });
    let config = MachineConfig {
        image,
        guest,
        metadata: metadata::written(&intent.markers(), &spec.labels, &spec.tags)?,
        // What has ended is started again by whoever wants that, never by the cloud: its end is what people wait for.
        restart: Restart { policy: "no" },
        // The cloud itself ends what nobody will come back for, even where we are killed.
        auto_destroy: intent.lifetime == Lifetime::Client,
        env,
        init: init(spec, idles)?,
        files: files.collect(),
        mounts: mounts.collect(),
        services: options.services,
        checks: options.checks,
    };
    let region = match spec.regions.as_slice() {
        [] => defaults.region.clone(),
        regions => Some(regions.join(",")),
    };
    Ok(CreateMachine { name: spec.name.to_string(), region, config })
}

/// What runs. An image of the caller's own has a command of its own, which is left to it.
fn init(spec: &MachineSpec, idles: bool) -> Result<Option<Init>> {
    let exec = match (spec.command.as_slice(), &spec.workdir) {
        ([], Some(_)) if !idles => {
            let what = "a directory to start in needs a command: the image's own starts where the image says";
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("give the command after `--`"));
        }
        ([], _) if !idles => return Ok(None),
        ([], _) => IDLE.map(str::to_owned).to_vec(),
        (command, workdir) => wrapped(command, workdir.as_ref(), &[])?,
    };
    Ok(Some(Init { exec }))
}

fn check_price(guest: &Guest, most: Option<Price>, prices: &Prices) -> Result<()> {
    let Some(most) = most else { return Ok(()) };
    let size = sizes::name_of(&guest.cpu_kind, guest.cpus, guest.memory_mb);
    let what = match sizes::price(guest, prices) {
        Some(price) if price.hourly <= most.hourly => return Ok(()),
        Some(price) => format!("a machine of size `{size}` costs {} an hour, more than {}", price.hourly, most.hourly),
        None => format!("what a machine of size `{size}` costs is not known, so it cannot be held to a limit"),
    };
    Err(Error::new(ErrorKind::Budget, what).with_context("prices of", crate::prices::AS_OF))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
