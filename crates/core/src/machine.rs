//! A machine as a provider reports it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, ExitStatus, MachineId, Markers, Price, VolumeMount};

/// A machine as a provider reports it. Our markers are taken out of labels and tags and stand in `markers`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The provider's id.
    pub id: MachineId,
    /// Its name.
    pub name: String,
    /// The kind of provider that has it.
    pub provider: String,
    /// Its state in our words.
    pub state: MachineState,
    /// Its state in the provider's words.
    pub raw_state: String,
    /// Where it is.
    pub region: Option<String>,
    /// How big it is, in the provider's words.
    pub size: Option<String>,
    /// What it was made from, in the provider's words.
    pub image: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it last started.
    pub started_at: Option<Timestamp>,
    /// How it can be reached.
    pub addresses: Addresses,
    /// Labels of the user's.
    pub labels: BTreeMap<String, String>,
    /// Tags of the user's, in the provider's order. A provider that has tags and no labels writes labels as tags, and then
    /// they are here as well.
    pub tags: Vec<String>,
    /// What we wrote on it, where we made it.
    pub markers: Option<Markers>,
    /// The volumes attached to it.
    pub volumes: Vec<VolumeMount>,
    /// How its own command ended, where it has ended.
    pub exit: Option<ExitStatus>,
    /// What it costs while it exists, where the provider's catalog says so.
    pub price: Option<Price>,
    /// What a person should know about this machine, one sentence each (a limit that is not enforced, a degraded host).
    pub notes: Vec<String>,
    /// What only this provider tells. Its shape is the provider's.
    pub details: serde_json::Value,
}

impl Machine {
    /// A machine of which nothing is known but this; its state is whatever of ours is called as the provider's word is.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        provider: impl Into<String>,
        raw_state: impl Into<String>,
    ) -> Self {
        let raw_state = raw_state.into();
        Self {
            id: MachineId::new(id),
            name: name.into(),
            provider: provider.into(),
            state: raw_state.as_str().into(),
            raw_state,
            region: None,
            size: None,
            image: None,
            created_at: None,
            started_at: None,
            addresses: Addresses::default(),
            labels: BTreeMap::new(),
            tags: Vec::new(),
            markers: None,
            volumes: Vec::new(),
            exit: None,
            price: None,
            notes: Vec::new(),
            details: serde_json::Value::Null,
        }
    }
}

/// A machine's state in our words. A state that nobody has a name for is kept, not refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MachineState {
    /// Accepted, not placed or installed yet.
    Pending,
    /// On its way to running.
    Starting,
    /// Running.
    Running,
    /// On its way to stopped.
    Stopping,
    /// Stopped; it can be started again.
    Stopped,
    /// Its memory is kept; it can be resumed.
    Suspended,
    /// Being resized or replaced.
    Updating,
    /// On its way out.
    Destroying,
    /// Gone.
    Destroyed,
    /// Broken; it will not run again by itself.
    Failed,
    /// The provider's own word for something else.
    Other(String),
}

impl MachineState {
    /// The stable lower-case word, or the provider's own.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Suspended => "suspended",
            Self::Updating => "updating",
            Self::Destroying => "destroying",
            Self::Destroyed => "destroyed",
            Self::Failed => "failed",
            Self::Other(raw) => raw,
        }
    }
}

impl fmt::Display for MachineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for MachineState {
    fn from(word: &str) -> Self {
        match word {
            "pending" => Self::Pending,
            "starting" => Self::Starting,
            "running" => Self::Running,
            "stopping" => Self::Stopping,
            "stopped" => Self::Stopped,
            "suspended" => Self::Suspended,
            "updating" => Self::Updating,
            "destroying" => Self::Destroying,
            "destroyed" => Self::Destroyed,
            "failed" => Self::Failed,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Serialize for MachineState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for MachineState {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.as_str().into())
    }
}

/// How a machine can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Addresses {
    /// From anywhere.
    pub public: Vec<IpAddr>,
    /// From its own network only.
    pub private: Vec<IpAddr>,
    /// Where its ssh server listens, where that is not 22.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_port: Option<u16>,
}

/// What may change on a machine that exists. `None` leaves a thing as it is.
#[derive(Debug, Clone, Default)]
pub struct MachineChange {
    /// A new name.
    pub name: Option<crate::MachineName>,
    /// Labels to set (`Some`) and to take off (`None`).
    pub labels: BTreeMap<String, Option<String>>,
    /// Volumes to attach; takes effect at the next start where the provider cannot do it live.
    pub attach: Vec<VolumeMount>,
    /// Volumes to detach; takes effect at the next start where the provider cannot do it live.
    pub detach: Vec<crate::VolumeId>,
    /// A new deadline (`Some(Some)`), or none any more (`Some(None)`).
    pub deadline: Option<Option<Timestamp>>,
    /// Whose it is from now on: markers in place of those that it has, where it has any. The deadline among them is the one
    /// that counts.
    pub markers: Option<Markers>,
}

impl MachineChange {
    /// What `machine` is afterwards, for a provider that keeps machines as values.
    pub fn apply_to(&self, machine: &mut Machine) {
        if let Some(name) = &self.name {
            machine.name = name.to_string();
        }
        for (key, value) in &self.labels {
            match value {
                Some(value) => machine.labels.insert(key.clone(), value.clone()),
                None => machine.labels.remove(key),
            };
        }
        machine.volumes.retain(|mount| !self.detach.contains(&mount.volume));
        machine.volumes.extend(self.attach.iter().cloned());
        if let (Some(deadline), Some(markers)) = (self.deadline, &mut machine.markers) {
            markers.deadline = deadline;
        }
        if let Some(markers) = &self.markers {
            machine.markers = Some(markers.clone());
        }
    }
}

/// What power is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Power {
    /// Start it, or resume it. One that runs is left alone.
    Start,
    /// Ask its own command to end, and end everything inside that has not done so after `grace`. One that is stopped is left
    /// alone.
    Stop {
        /// How long it may take to end by itself.
        grace: Duration,
    },
    /// Stop and start in one.
    Reboot {
        /// How long it may take to end by itself.
        grace: Duration,
    },
    /// Keep its memory and stop it.
    Suspend,
}

/// What `destroy` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destroyed {
    /// The cloud accepted; it is gone when `get` says so.
    Accepted,
    /// There was nothing (any more).
    AlreadyGone,
}

/// Whose credential this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account's id.
    pub id: AccountId,
    /// How a person would recognise it.
    pub name: String,
}

/// Which provider this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderInfo {
    /// Its kind: `local`, `fly`, ... Stable; used in configuration, JSON and the ledger.
    pub kind: &'static str,
    /// Its name as a person writes it.
    pub title: &'static str,
    /// Where it is described.
    pub documentation: &'static str,
}
