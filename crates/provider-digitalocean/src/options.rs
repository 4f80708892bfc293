//! What only DigitalOcean can be asked for.

use machine_core::ProviderOptions;
use serde::{Deserialize, Serialize};

/// What a droplet can have that has no neutral word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DigitalOceanOptions {
    /// The VPC that it is in, by its id; the region's default otherwise.
    pub vpc: Option<String>,
    /// Whether it has an IPv6 address.
    pub ipv6: bool,
    /// Whether DigitalOcean's agent for metrics is installed.
    pub monitoring: bool,
    /// Whether backups are made, which cost extra.
    pub backups: bool,
}

impl ProviderOptions for DigitalOceanOptions {
    const PROVIDER: &'static str = crate::kind::KIND;
}
