//! `docs/reference/`, written by the test that compares it.

use std::process::Command;

use crate::{Outcome, root};

/// Writes what the program says of itself.
pub(crate) fn generate() -> Outcome {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--quiet", "--locked", "--package", "machine-tests", "--test", "reference"])
        .env("MACHINE_UPDATE_SNAPSHOTS", "1")
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("the reference was not written".to_owned()) }
}
