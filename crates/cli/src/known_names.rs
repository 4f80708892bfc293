//! The names of machines that a shell completes: what the last list, create or destroy of an account has shown.

use std::collections::BTreeSet;

use machine_core::Machine;
use machine_fleet::StateDir;

use crate::app::App;

/// These are the machines of the account.
pub(crate) async fn listed(app: &App, machines: &[Machine]) {
    let now: BTreeSet<_> = machines.iter().map(|machine| machine.name.clone()).collect();
    // Lists are many and changes few: to open the directory means to write to it.
    if StateDir::names_at(app.state(), Some(app.section())) == now {
        return;
    }
    change(app, |names| *names = now).await;
}

/// This machine was created.
pub(crate) async fn created(app: &App, name: &str) {
    change(app, |names| names.extend([name.to_owned()])).await;
}

/// This machine was destroyed.
pub(crate) async fn destroyed(app: &App, name: &str) {
    change(app, |names| names.retain(|known| known != name)).await;
}

/// Where nothing was ever made there is nothing to remember, and nobody is stopped by what could not be.
async fn change(app: &App, change: impl FnOnce(&mut BTreeSet<String>)) {
    if !app.state().is_dir() {
        return;
    }
    let remembered = async { StateDir::open(app.state())?.remember_names(app.section(), change).await };
    if let Err(error) = remembered.await {
        tracing::debug!(%error, "the names for completion were not written down");
    }
}
