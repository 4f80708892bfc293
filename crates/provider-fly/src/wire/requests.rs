//! What is sent. None of it has a `Debug`: variables and files hold secrets.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// `POST /apps`
#[derive(Serialize)]
pub(crate) struct CreateApp<'a> {
    pub(crate) name: &'a str,
    pub(crate) org_slug: &'a str,
}

/// `POST /apps/{app}/machines`
#[derive(Serialize)]
pub(crate) struct CreateMachine {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    pub(crate) config: MachineConfig,
}

/// How a machine is to be.
#[derive(Serialize)]
pub(crate) struct MachineConfig {
    pub(crate) image: String,
    pub(crate) guest: Guest,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) restart: Restart,
    pub(crate) auto_destroy: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) init: Option<Init>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<File>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) mounts: Vec<Mount>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) services: Vec<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) checks: BTreeMap<String, Value>,
}

/// How big.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Guest {
    pub(crate) cpu_kind: String,
    pub(crate) cpus: u32,
    pub(crate) memory_mb: u64,
}

/// What happens when the command ends.
#[derive(Serialize)]
pub(crate) struct Restart {
    pub(crate) policy: &'static str,
}

/// What runs, in place of the image's own.
#[derive(Serialize)]
pub(crate) struct Init {
    pub(crate) exec: Vec<String>,
}

/// A file to be there before the command starts.
#[derive(Serialize)]
pub(crate) struct File {
    pub(crate) guest_path: String,
    pub(crate) raw_value: String,
    pub(crate) mode: u32,
}

/// A volume, and where it shows.
#[derive(Serialize)]
pub(crate) struct Mount {
    pub(crate) volume: String,
    pub(crate) path: String,
}

/// `POST .../stop`
#[derive(Serialize)]
pub(crate) struct Stop {
    pub(crate) signal: &'static str,
    pub(crate) timeout: String,
}

/// `POST .../lease`
#[derive(Serialize)]
pub(crate) struct TakeLease {
    pub(crate) ttl: u64,
    pub(crate) description: &'static str,
}

/// `PATCH .../metadata`; an empty value takes its key off.
#[derive(Serialize)]
pub(crate) struct ChangeMetadata {
    pub(crate) metadata: BTreeMap<String, String>,
}

/// `POST .../metadata/{key}`
#[derive(Serialize)]
pub(crate) struct SetMetadata<'a> {
    pub(crate) value: &'a str,
}

/// `POST .../exec`
#[derive(Serialize)]
pub(crate) struct RunCommand {
    pub(crate) command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stdin: Option<String>,
    pub(crate) timeout: u64,
}

/// `POST /apps/{app}/volumes`
#[derive(Serialize)]
pub(crate) struct CreateVolume {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) size_gb: u64,
    pub(crate) encrypted: bool,
    /// The machine that it is for, so that it is placed where there is room for one.
    pub(crate) compute: Guest,
}

/// `PUT .../volumes/{id}/extend`
#[derive(Serialize)]
pub(crate) struct ExtendVolume {
    pub(crate) size_gb: u64,
}
