//! DigitalOcean keeps what every provider promises, before a cloud that is played from the published description.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use machine_core::{CloudProvider, Error, ErrorKind, Result, Secret};
use machine_digitalocean::{DigitalOceanProvider, Pace};
use machine_simcloud::{Cloud, SimSubject};
use machine_ssh::SshConfig;
use tempfile::TempDir;

/// The provider, as patient as it has to be with a cloud that is in a hurry.
fn open(url: &str, token: Secret, state: &Path) -> Result<Arc<dyn CloudProvider>> {
    let pace = Pace { look: Duration::from_millis(100), ..Pace::default() };
    let ssh = SshConfig { port: machine_simcloud::ssh_port(), ..SshConfig::new(state) };
    let builder = DigitalOceanProvider::builder(token).api_url(url).rate_limit(false).pace(pace).ssh(ssh);
    Ok(Arc::new(builder.open()?))
}

fn subject() -> SimSubject {
    // The same for every client; it goes with the subject.
    let state = TempDir::new();
    SimSubject::new(Cloud::DigitalOcean, move |url, token| {
        let state = state.as_ref().map_err(|error| Error::new(ErrorKind::System, error.to_string()))?;
        open(url, token, state.path())
    })
}

// First, for the program that a simulated machine runs is this one.
machine_conformance::main!(subject(), first: machine_simcloud::dispatch());
