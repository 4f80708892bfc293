//! `machine simcloud`.

use std::path::PathBuf;

use clap::Args;
use machine_core::{Error, ErrorKind};
use machine_simcloud::{Cloud, SimCloud};

use crate::failure::{Failure, code};
use crate::interrupt::Interrupts;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  machine simcloud                                all three clouds, on ports that are free
  machine simcloud --digitalocean 8080 --speed 10
  machine simcloud --vultr 0 --state simulated    goes on where it ended
  machine simcloud --no-machines                  records only, for very many machines";

/// Plays Fly.io, DigitalOcean and Vultr on this computer, until it is interrupted: for trying out, without an account.
///
/// Prints the variables that point `machine`, and the clouds' own clients, at them. Their machines come, go and cost what real
/// ones would, and a real one runs on this computer for each, with this computer's own system whatever its image: at Fly.io it
/// runs its command, takes others and writes its log; at the other two it has an address of its own, ssh, and cloud-init. All
/// of them end with this command; those of a `--state` run again the next time.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES)]
pub(crate) struct Simcloud {
    /// Play Fly.io on this port; 0 is any that is free. All three are played where none is named.
    #[arg(long, value_name = "PORT")]
    fly: Option<u16>,
    /// Play DigitalOcean on this port.
    #[arg(long, value_name = "PORT")]
    digitalocean: Option<u16>,
    /// Play Vultr on this port.
    #[arg(long, value_name = "PORT")]
    vultr: Option<u16>,
    /// Keep what there is in this directory, and go on with it the next time.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How many times as fast as ours the clouds' clock runs.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Run nothing: a machine is its record, and there can be very many.
    #[arg(long)]
    no_machines: bool,
}

impl Simcloud {
    /// Plays them until a signal ends it; with `rate_limits`, those who ask too often are refused.
    ///
    /// # Errors
    /// A port that is taken, a state that cannot be read.
    pub(crate) async fn run(&self, printer: &Printer, rate_limits: bool) -> Result<u8, Failure> {
        let wished = [(Cloud::Fly, self.fly), (Cloud::DigitalOcean, self.digitalocean), (Cloud::Vultr, self.vultr)];
        let all = wished.iter().all(|(_, port)| port.is_none());
        let mut builder = SimCloud::builder().speed(self.speed).machines(!self.no_machines).rate_limits(rate_limits);
        for (cloud, port) in wished {
            if let Some(port) = port.or(all.then_some(0)) {
                builder = builder.cloud(cloud, port);
            }
        }
        if let Some(dir) = &self.state {
            builder = builder.state(dir);
        }
        let mut interrupts = Interrupts::listen()?;
        let running = builder.start().await.map_err(|error| {
            let why = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            Error::new(ErrorKind::System, format!("{error}{why}")).with_source(error)
        })?;
        for cloud in [Cloud::Fly, Cloud::DigitalOcean, Cloud::Vultr] {
            for (name, value) in running.url(cloud).into_iter().flat_map(|url| variables(cloud, &url)) {
                printer.line(format_args!("export {name}={value}"))?;
            }
            let port = machine_simcloud::ssh_port();
            let named = match cloud {
                Cloud::DigitalOcean => Some("DIGITALOCEAN_SSH_PORT"),
                Cloud::Vultr => Some("VULTR_SSH_PORT"),
                _ => None,
            };
            if let (Some(_), Some(name), true, false) = (running.url(cloud), named, port != 22, self.no_machines) {
                printer.line(format_args!("export {name}={port}"))?;
            }
        }
        printer.note("Ctrl-C ends it.");
        interrupts.next().await;
        running.shutdown().await;
        Ok(code::OK)
    }
}

/// What points clients at a simulated cloud.
fn variables(cloud: Cloud, url: &str) -> Vec<(&'static str, String)> {
    match cloud {
        Cloud::Fly => vec![
            ("FLY_API_TOKEN", "simulated".to_owned()),
            ("FLY_FLAPS_BASE_URL", url.to_owned()),
            ("FLY_API_BASE_URL", url.to_owned()),
        ],
        Cloud::DigitalOcean => vec![
            ("DIGITALOCEAN_ACCESS_TOKEN", "simulated".to_owned()),
            ("DIGITALOCEAN_API_URL", url.to_owned()),
            // The older Python client wants its end point with the version.
            ("DIGITALOCEAN_END_POINT", format!("{url}/v2/")),
        ],
        _ => vec![("VULTR_API_KEY", "simulated".to_owned()), ("VULTR_API_URL", format!("{url}/v2"))],
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 && speed <= 100_000.0 => Ok(speed),
        _ => Err(format!("`{text}` is not a speed; write it like 1, 10 or 0.5")),
    }
}
