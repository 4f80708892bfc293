//! Fly keeps what every provider promises, before a cloud that is played from the published description and whose machines
//! are real.

use std::path::Path;
use std::sync::Arc;

use machine_core::{
    Clock, CloudProvider, Environment, Error, ErrorKind, OpenContext, OwnerId, OwnerSource, ProviderKind, Result,
    Secret,
};
use machine_fly::FlyKind;
use machine_simcloud::{Cloud, SimSubject};
use serde::Deserialize as _;
use tempfile::TempDir;

/// The app that the cloud has for the suite.
const APP: &str = "conformance";

/// The provider, as a program opens it.
fn open(url: &str, token: &Secret, state: &Path) -> Result<Arc<dyn CloudProvider>> {
    let section = serde_json::json!({
        "access-token": token.expose(),
        "api-url": format!("{url}/v1"),
        "logs-url": url,
        "app": APP,
        "rate-limit": false,
    });
    let section = <FlyKind as ProviderKind>::Config::deserialize(section)
        .map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
    let program = std::env::current_exe().map_err(|error| Error::io("this program's path is not known", error))?;
    let context = OpenContext {
        state_dir: state.to_owned(),
        program,
        environment: Environment::default(),
        clock: Clock::system(),
        owner: OwnerSource::known(OwnerId::new("conformance")),
    };
    Ok(FlyKind::open(section, &context)?.provider)
}

fn subject() -> SimSubject {
    // The same for every client; it goes with the subject.
    let state = TempDir::new();
    SimSubject::new(Cloud::Fly, move |url, token| {
        let state = state.as_ref().map_err(|error| Error::new(ErrorKind::System, error.to_string()))?;
        open(url, &token, state.path())
    })
}

// What is needed for the machines of the cloud is this program, run again.
machine_conformance::main!(subject(), first: machine_simcloud::dispatch());
