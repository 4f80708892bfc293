//! What comes back. Every field may be missing, and texts that could be an enumeration stay texts: the cloud adds words.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `GET /tokens/current`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CurrentTokens {
    pub(crate) tokens: Vec<TokenInfo>,
}

/// One of the tokens that a credential is made of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenInfo {
    pub(crate) organization: Option<String>,
    pub(crate) org_slug: Option<String>,
    pub(crate) user: Option<String>,
}

/// A machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Machine {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) instance_id: Option<String>,
    pub(crate) private_ip: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) host_status: Option<String>,
    pub(crate) config: Option<Config>,
    /// In place of `config` where the host cannot be asked.
    pub(crate) incomplete_config: Option<Config>,
    pub(crate) events: Option<Vec<Event>>,
}

/// What is read of a machine's configuration. Its variables and files are not: they hold secrets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) image: Option<String>,
    pub(crate) size: Option<String>,
    pub(crate) guest: Option<Guest>,
    pub(crate) metadata: Option<BTreeMap<String, Option<String>>>,
    pub(crate) mounts: Option<Vec<Mount>>,
    pub(crate) auto_destroy: Option<bool>,
}

/// How big a machine is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Guest {
    pub(crate) cpu_kind: Option<String>,
    pub(crate) cpus: Option<u32>,
    pub(crate) memory_mb: Option<u64>,
}

/// A volume that a machine has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Mount {
    pub(crate) volume: Option<String>,
    pub(crate) path: Option<String>,
}

/// Something that happened to a machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) status: Option<String>,
    /// In milliseconds since 1970.
    pub(crate) timestamp: Option<i64>,
    /// Its shape differs by kind and by age.
    pub(crate) request: Option<Value>,
}

/// `POST .../lease`: flat, or under `data`.
#[derive(Deserialize)]
pub(crate) struct Lease {
    #[serde(default)]
    pub(crate) nonce: Option<String>,
    #[serde(default)]
    pub(crate) data: Option<LeaseData>,
}

/// A lease.
#[derive(Deserialize)]
pub(crate) struct LeaseData {
    #[serde(default)]
    pub(crate) nonce: Option<String>,
}

impl Lease {
    /// The word that proves that the lease is ours.
    pub(crate) fn into_nonce(self) -> Option<String> {
        self.nonce.or_else(|| self.data?.nonce).filter(|nonce| !nonce.is_empty())
    }
}

/// `POST .../exec`. The cloud leaves out what is zero or empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ran {
    pub(crate) exit_code: Option<i32>,
    pub(crate) exit_signal: Option<i32>,
    pub(crate) stdout: Option<String>,
    pub(crate) stderr: Option<String>,
}

/// A volume.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Volume {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) size_gb: Option<u64>,
    pub(crate) region: Option<String>,
    pub(crate) attached_machine_id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) host_status: Option<String>,
}

/// `PUT .../volumes/{id}/extend`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Extended {
    pub(crate) needs_restart: Option<bool>,
    pub(crate) volume: Option<Volume>,
}

/// `GET /platform/regions`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Regions {
    #[serde(alias = "Regions")]
    pub(crate) regions: Vec<Region>,
}

/// A region.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Region {
    #[serde(alias = "Code")]
    pub(crate) code: Option<String>,
    #[serde(alias = "Name")]
    pub(crate) name: Option<String>,
    #[serde(alias = "Deprecated")]
    pub(crate) deprecated: Option<bool>,
}

/// `GET /api/v1/apps/{app}/logs`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Logs {
    pub(crate) data: Vec<LogEntry>,
    pub(crate) meta: LogsMeta,
}

/// Where the log goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LogsMeta {
    /// A text, or a number of nanoseconds since 1970.
    pub(crate) next_token: Option<Value>,
}

/// One line of the log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LogEntry {
    pub(crate) id: Option<String>,
    pub(crate) attributes: LogAttributes,
}

/// What is told of a line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LogAttributes {
    pub(crate) timestamp: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) instance: Option<String>,
    pub(crate) meta: Option<Value>,
}
