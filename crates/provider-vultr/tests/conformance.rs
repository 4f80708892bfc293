//! Vultr keeps what every provider promises, before a cloud that is played from the published description.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{CloudProvider, Result, Secret};
use machine_simcloud::{Cloud, SimSubject};
use machine_vultr::{Pauses, VultrConfig, VultrProvider};

/// The provider, as patient as it has to be with a cloud that is in a hurry.
fn open(url: &str, key: Secret) -> Result<Arc<dyn CloudProvider>> {
    let quick = Duration::from_millis(100);
    let pauses = Pauses { look: quick, locked: quick, ..Pauses::default() };
    let api_url = format!("{url}/v2");
    let config = VultrConfig { api_url, rate_limit: false, pauses, ..VultrConfig::new(key) };
    Ok(Arc::new(VultrProvider::open(config)?))
}

// Nothing of the suite looks into an instance yet, so that a record does for one.
machine_conformance::main!(SimSubject::new(Cloud::Vultr, open).machines(false));
