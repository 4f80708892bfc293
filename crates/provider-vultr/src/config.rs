//! What a provider of this kind is told when it is opened.

use std::path::PathBuf;
use std::time::Duration;

use machine_core::{Clock, Secret};
use machine_ssh::SshConfig;

/// Where the API is, where nothing else is said.
pub(crate) const API: &str = "https://api.vultr.com/v2";

/// What a provider of this kind is told when it is opened.
#[derive(Debug, Clone)]
pub struct VultrConfig {
    /// The account's key.
    pub api_key: Secret,
    /// Where the API is.
    pub api_url: String,
    /// A file of certificates to trust besides those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whether to keep to the rate that the cloud allows. A private end point may have none.
    pub rate_limit: bool,
    /// The keys of a machine for which none are named, by name or id.
    pub ssh_keys: Vec<String>,
    /// The plan of a machine for which no size is named.
    pub size: String,
    /// What a machine is made from for which no image is named.
    pub image: String,
    /// Where a machine or a volume is for which no region is named.
    pub region: String,
    /// How long to wait between looks, and for how long.
    pub pauses: Pauses,
    /// How machines are reached, which the cloud itself does not do for us. Without it there are no commands and no logs, and
    /// machines get the user data that they are asked for with, and nothing besides.
    pub ssh: Option<SshConfig>,
    /// The clock that learns from answers what time it is at the cloud.
    pub clock: Clock,
}

impl VultrConfig {
    /// The defaults, with this key.
    pub fn new(api_key: Secret) -> Self {
        Self {
            api_key,
            api_url: API.to_owned(),
            ca_file: None,
            rate_limit: true,
            ssh_keys: Vec::new(),
            size: "vc2-1c-1gb".to_owned(),
            image: "debian-12".to_owned(),
            region: "ewr".to_owned(),
            pauses: Pauses::default(),
            ssh: None,
            clock: Clock::default(),
        }
    }
}

/// How long to wait between looks, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// Between two looks at a machine; up to two thirds more by chance, so that many do not look at once.
    pub look: Duration,
    /// Between two tries of what a lock keeps from happening.
    pub locked: Duration,
    /// How long a change waits for a lock in all.
    pub lock: Duration,
    /// How long a new machine's volumes wait for its installation in all.
    pub install: Duration,
    /// How long to look for the effect of what was accepted.
    pub settle: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(3),
            locked: Duration::from_secs(3),
            lock: Duration::from_mins(1),
            install: Duration::from_mins(5),
            settle: Duration::from_secs(15),
        }
    }
}
