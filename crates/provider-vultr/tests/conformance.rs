//! Vultr keeps what every provider promises, before a cloud that is played from the published description.

use std::time::Duration;

use machine_core::{Result, Secret};
use machine_simcloud::{Cloud, SimSubject};
use machine_vultr::{Pauses, VultrConfig, VultrProvider};

/// The provider, as patient as it has to be with a cloud that is in a hurry.
fn open(url: &str, key: Secret) -> Result<VultrProvider> {
    let quick = Duration::from_millis(100);
    let pauses = Pauses { look: quick, locked: quick, ..Pauses::default() };
    VultrProvider::open(VultrConfig {
        api_url: format!("{url}/v2"),
        rate_limit: false,
        pauses,
        ..VultrConfig::new(key)
    })
}

machine_conformance::main!(SimSubject::new(Cloud::Vultr, open));
