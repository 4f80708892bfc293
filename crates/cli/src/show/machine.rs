//! A machine as JSON.

use std::net::Ipv4Addr;

use machine_core::Machine;
use serde::Serialize;

use crate::addresses;

/// The label in which other tools of this name keep the type of a machine.
const TYPE: &str = "machine:type";

/// A machine in the few words that scripts rely on. The order of the fields is theirs as well.
#[derive(Debug, Serialize)]
pub(crate) struct MachineJson<'a> {
    id: &'a str,
    name: &'a str,
    tags: Vec<String>,
    region: Option<&'a str>,
    ip: Option<Ipv4Addr>,
    r#type: Option<&'a str>,
}

impl<'a> MachineJson<'a> {
    /// What is shown of that machine.
    pub(crate) fn of(machine: &'a Machine) -> Self {
        Self {
            id: machine.id.as_str(),
            name: &machine.name,
            tags: machine.labels.iter().map(|(key, value)| format!("{key}:{value}")).collect(),
            region: machine.region.as_deref(),
            ip: addresses::public_v4(machine),
            r#type: machine.labels.get(TYPE).map(String::as_str),
        }
    }
}
