//! DigitalOcean keeps what every provider promises, before a cloud that is played from the published description.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{CloudProvider, Result, Secret};
use machine_digitalocean::{DigitalOceanProvider, Pace};
use machine_simcloud::{Cloud, SimSubject};

/// The provider, as patient as it has to be with a cloud that is in a hurry.
fn open(url: &str, token: Secret) -> Result<Arc<dyn CloudProvider>> {
    let pace = Pace { look: Duration::from_millis(100), ..Pace::default() };
    Ok(Arc::new(DigitalOceanProvider::builder(token).api_url(url).rate_limit(false).pace(pace).open()?))
}

// Nothing of the suite looks into a droplet yet, so that a record does for one.
machine_conformance::main!(SimSubject::new(Cloud::DigitalOcean, open).machines(false));
