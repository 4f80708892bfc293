//! `machine domains add-name` and `remove-name`: the names of machines that exist.

use std::net::IpAddr;

use clap::Args;
use machine_core::{Machine, ProviderExt as _};

use super::ip;
use crate::app::App;
use crate::failure::{Failure, code};
use crate::{addresses, dns, reaper, show};

const ADD: &str = "\
Examples:
  machine domains add-name web-1                  in the zone that the configuration names
  machine domains add-name web-1 example.com";
const REMOVE: &str = "\
Examples:
  machine domains remove-name web-1 example.com";

/// Gives a machine its name in a zone: an A record that says its address, and goes when the machine goes.
#[derive(Debug, Args)]
#[command(before_help = ADD)]
pub(crate) struct AddName {
    /// Which, by name or id.
    machine: String,
    /// In which zone [default: the configuration's `dns-zone`].
    zone: Option<String>,
}

/// Takes a machine's name out of a zone: the record that has its name and its address, and no other.
#[derive(Debug, Args)]
#[command(before_help = REMOVE)]
pub(crate) struct RemoveName {
    /// Which, by name or id.
    machine: String,
    /// Out of which zone [default: the configuration's `dns-zone`].
    zone: Option<String>,
}

impl AddName {
    /// Makes the record, and shows the name.
    ///
    /// # Errors
    /// `Conflict` where the name is somebody else's; `NotFound` for a zone or machine that is not there, and for a machine without
    /// an address; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let zone = dns::zone(app, self.zone.as_deref())?;
        dns::zone_exists(app, &zone).await?;
        let (machine, ip) = reached(app, &self.machine).await?;
        let name = dns::whole_name(&machine.name, &zone);
        if app.only_tells(format_args!("have {} say {ip}", show::clean(&name)))? {
            return Ok(code::OK);
        }
        let publish = async { Ok(dns::publish(app, &machine, &zone, ip).await?) };
        let record = reaper::watched_where_it_costs(app, publish).await?;
        app.printer.line(show::clean(&dns::whole_name(&record.name, &zone)))?;
        Ok(code::OK)
    }
}

impl RemoveName {
    /// Destroys the record; that there is none is fine.
    ///
    /// # Errors
    /// `NotFound` for a machine that is not there or has no address; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let zone = dns::zone(app, self.zone.as_deref())?;
        let (machine, ip) = reached(app, &self.machine).await?;
        let withdraw = dns::withdraw(app, &machine, &zone, ip);
        for record in reaper::watched_where_it_costs(app, withdraw).await? {
            let name = dns::whole_name(&record.name, &zone);
            app.printer.progress(format_args!("{name}: no longer says {}", record.value));
        }
        Ok(code::OK)
    }
}

async fn reached(app: &App, name: &str) -> Result<(Machine, IpAddr), Failure> {
    let machine = app.provider().resolve(name).await?;
    let ip = addresses::public_v4(&machine).ok_or_else(|| ip::none(&machine, "public IPv4"))?;
    Ok((machine, ip.into()))
}
