//! A machine as JSON and as a line of text.

use std::net::IpAddr;

use machine_core::Machine;
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};

use crate::{addresses, client_id};

/// A machine as JSON: first what scripts of other tools of this name read, in their order, then all that is known.
#[derive(Debug)]
pub(crate) struct MachineJson<'a> {
    machine: &'a Machine,
    /// Which account has it, where several were asked.
    account: Option<&'a str>,
}

impl<'a> MachineJson<'a> {
    /// The machine.
    pub(crate) fn of(machine: &'a Machine) -> Self {
        Self { machine, account: None }
    }

    /// The machine, as that account has it.
    pub(crate) fn at(account: &'a str, machine: &'a Machine) -> Self {
        Self { machine, account: Some(account) }
    }

    /// It as a line of text; with its account where several were asked.
    pub(crate) fn line(&self) -> String {
        let line = line(self.machine);
        match self.account {
            Some(account) => format!("{}: {line}", super::clean(account)),
            None => line,
        }
    }

    /// Which account has it, or the kind of provider where only one was asked.
    pub(crate) fn account(&self) -> &str {
        self.account.unwrap_or(&self.machine.provider)
    }
}

impl AsRef<Machine> for MachineJson<'_> {
    fn as_ref(&self) -> &Machine {
        self.machine
    }
}

impl Serialize for MachineJson<'_> {
    /// Made when it is written, so that of a long list only one is there at a time.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let machine = self.machine;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &machine.id)?;
        map.serialize_entry("name", &machine.name)?;
        map.serialize_entry("tags", &machine.tags)?;
        map.serialize_entry("region", &machine.region)?;
        map.serialize_entry("ip", &public_ip(machine))?;
        map.serialize_entry("type", &client_id::type_of(machine))?;
        if let Some(account) = self.account {
            map.serialize_entry("account", account)?;
        }
        let rest = serde_json::to_value(machine).map_err(S::Error::custom)?;
        for (key, value) in rest.as_object().into_iter().flatten() {
            if !FIRST.contains(&key.as_str()) {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

/// What a machine and its beginning in JSON have in common.
const FIRST: [&str; 4] = ["id", "name", "tags", "region"];

/// The address that it is reached by from outside.
pub(crate) fn public_ip(machine: &Machine) -> Option<IpAddr> {
    let four = addresses::public_v4(machine).map(IpAddr::V4);
    four.or_else(|| addresses::public_v6(machine).map(IpAddr::V6))
}

/// `web-1 (300000008, nyc3, web): 203.0.113.9`; what is not there is `None`.
fn line(machine: &Machine) -> String {
    let region = machine.region.as_deref().unwrap_or("unknown");
    let of_type = client_id::type_of(machine).unwrap_or("None");
    let ip = public_ip(machine).map_or("None".to_owned(), |ip| ip.to_string());
    super::clean(&format!("{} ({}, {region}, {of_type}): {ip}", machine.name, machine.id))
}
