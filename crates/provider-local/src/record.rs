//! The JSON files of a machine's directory.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use jiff::Timestamp;
use machine_core::{EnvVar, ExitStatus, Intent, Mount, Network, OsText, Port, VolumeMount};
use serde::{Deserialize, Serialize};

use crate::isolation::Isolation;

/// The shape of the files below. A reader that finds a larger number says so instead of guessing.
pub(crate) const SCHEMA: u32 = 1;

/// `spec.json`: what was asked for, with everything that was taken from the creator's surroundings. Never a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SpecRecord {
    /// [`SCHEMA`].
    pub(crate) schema: u32,
    /// The machine's id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its host name, where that is not its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hostname: Option<String>,
    /// The intent behind it; its markers.
    pub(crate) intent: Intent,
    /// When it was created.
    pub(crate) created_at: Timestamp,
    /// The machine's own command; empty: it idles.
    pub(crate) command: Vec<OsText>,
    /// The environment of everything that runs in it: the creator's `PATH`, `HOME` and toolchain variables, then the
    /// spec's.
    pub(crate) env: Vec<EnvVar>,
    /// Where its own command starts; `HOME` otherwise.
    pub(crate) workdir: Option<OsText>,
    /// The user's labels.
    pub(crate) labels: BTreeMap<String, String>,
    /// The user's tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// Whether it shares the computer's network.
    pub(crate) network: Network,
    /// Published ports; only with [`Network::None`].
    pub(crate) ports: Vec<Port>,
    /// The address of the computer that they are published on; 127.0.0.1 otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<Ipv4Addr>,
    /// Attached volumes. The only field that `update` may rewrite.
    pub(crate) volumes: Vec<VolumeMount>,
    /// Directories of the computer to show inside, asked for by the user.
    pub(crate) mounts: Vec<Mount>,
    /// Directories below `HOME` that hold toolchains.
    pub(crate) toolchains: Vec<Toolchain>,
    /// The home directory; the same path inside as outside.
    pub(crate) home: OsText,
    /// Limits, as far as the computer can enforce them.
    pub(crate) limits: LimitsRecord,
    /// How it is to be kept apart from the computer.
    pub(crate) isolation: Isolation,
    /// How many files were handed over at creation. They live in memory only, so a start after a reboot has lost them.
    pub(crate) files: usize,
}

impl SpecRecord {
    /// What it calls itself.
    pub(crate) fn hostname(&self) -> &str {
        self.hostname.as_deref().unwrap_or(&self.name)
    }
}

/// A directory below `HOME` that holds toolchains, shown inside at the same path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Toolchain {
    /// The absolute path, outside and inside.
    pub(crate) path: OsText,
    /// Shown as an overlay that the machine may write to (caches), or read-only.
    pub(crate) writable: bool,
    /// Paths relative to it that must not show: credentials.
    pub(crate) hidden: Vec<OsText>,
}

/// What the machine may use at most.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct LimitsRecord {
    /// Processors.
    pub(crate) cpus: Option<f64>,
    /// Memory in MiB.
    pub(crate) memory_mib: Option<u64>,
    /// Processes and threads.
    pub(crate) pids: Option<u64>,
}

/// `state.json`: what the shim says of the running machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StateRecord {
    /// Which start this is; an `exit.json` of another start says nothing about it.
    #[serde(rename = "gen")]
    pub(crate) generation: u64,
    /// When it started.
    pub(crate) started_at: Timestamp,
    /// The computer's boot that it belongs to (`/proc/sys/kernel/random/boot_id`).
    pub(crate) boot_id: String,
    /// The shim.
    pub(crate) shim: ProcessRecord,
    /// The machine's pid 1, as the computer sees it.
    pub(crate) init: ProcessRecord,
    /// How it is kept apart in fact.
    pub(crate) isolation: Isolation,
    /// The cgroup directories that were made for it.
    pub(crate) cgroups: Vec<OsText>,
    /// What a person should know, one sentence each (limits that are not enforced, no namespaces).
    pub(crate) notes: Vec<String>,
}

/// A process, by pid and start time: a pid alone may have been given to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessRecord {
    /// Its pid.
    pub(crate) pid: i32,
    /// Field 22 of `/proc/<pid>/stat`, in clock ticks since boot.
    pub(crate) start: u64,
}

/// `exit.json`: how a start ended. Written by the shim, or by whoever finds that the shim has died.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExitRecord {
    /// Which start this is about.
    #[serde(rename = "gen")]
    pub(crate) generation: u64,
    /// How it ended.
    #[serde(flatten)]
    pub(crate) status: ExitStatus,
}
