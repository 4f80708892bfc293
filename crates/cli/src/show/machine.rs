//! A machine as JSON and as a line of text.

use std::net::IpAddr;

use machine_core::Machine;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{addresses, client_id};

/// A machine as JSON: first what scripts of other tools of this name read, in their order, then all that is known.
#[derive(Debug, Serialize)]
pub(crate) struct MachineJson<'a> {
    id: &'a str,
    name: &'a str,
    tags: &'a [String],
    region: Option<&'a str>,
    ip: Option<String>,
    #[serde(rename = "type")]
    of_type: Option<&'a str>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl<'a> MachineJson<'a> {
    /// The machine.
    pub(crate) fn of(machine: &'a Machine) -> Self {
        let mut rest = match serde_json::to_value(machine) {
            Ok(Value::Object(rest)) => rest,
            // It is a struct of things that JSON has.
            _ => Map::new(),
        };
        rest.retain(|key, _| !["id", "name", "tags", "region"].contains(&key.as_str()));
        Self {
            id: machine.id.as_str(),
            name: &machine.name,
            tags: &machine.tags,
            region: machine.region.as_deref(),
            ip: public_ip(machine).map(|ip| ip.to_string()),
            of_type: client_id::type_of(machine),
            rest,
        }
    }
}

/// The address that it is reached by from outside.
pub(crate) fn public_ip(machine: &Machine) -> Option<IpAddr> {
    let four = addresses::public_v4(machine).map(IpAddr::V4);
    four.or_else(|| addresses::public_v6(machine).map(IpAddr::V6))
}

/// `web-1 (300000008, nyc3, web): 203.0.113.9`; what is not there is `None`.
pub(crate) fn line(machine: &Machine) -> String {
    let region = machine.region.as_deref().unwrap_or("unknown");
    let of_type = client_id::type_of(machine).unwrap_or("None");
    let ip = public_ip(machine).map_or("None".to_owned(), |ip| ip.to_string());
    super::clean(&format!("{} ({}, {region}, {of_type}): {ip}", machine.name, machine.id))
}
