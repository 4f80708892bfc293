//! Vultr keeps what every provider promises, before a cloud that is played from the published description.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use machine_core::{CloudProvider, Error, ErrorKind, Result, Secret};
use machine_simcloud::{Cloud, SimSubject};
use machine_ssh::SshConfig;
use machine_vultr::{Pauses, VultrConfig, VultrProvider};
use tempfile::TempDir;

/// The provider, as patient as it has to be with a cloud that is in a hurry.
fn open(url: &str, key: Secret, state: &Path) -> Result<Arc<dyn CloudProvider>> {
    let quick = Duration::from_millis(100);
    let pauses = Pauses { look: quick, locked: quick, ..Pauses::default() };
    let ssh = Some(SshConfig { port: machine_simcloud::ssh_port(), ..SshConfig::new(state) });
    let api_url = format!("{url}/v2");
    let config = VultrConfig { api_url, rate_limit: false, pauses, ssh, ..VultrConfig::new(key) };
    Ok(Arc::new(VultrProvider::open(config)?))
}

fn subject() -> SimSubject {
    // The same for every client; it goes with the subject.
    let state = TempDir::new();
    SimSubject::new(Cloud::Vultr, move |url, key| {
        let state = state.as_ref().map_err(|error| Error::new(ErrorKind::System, error.to_string()))?;
        open(url, key, state.path())
    })
}

// First, for the program that a simulated machine runs is this one.
machine_conformance::main!(subject(), first: machine_simcloud::dispatch());
