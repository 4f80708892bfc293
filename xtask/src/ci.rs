//! Everything that a change must pass.

use std::process::Command;

use crate::{Outcome, root};

/// Runs `.ci/run`, so that there is one list of checks and not two.
pub(crate) fn run() -> Outcome {
    let status = Command::new("bash")
        .arg(".ci/run")
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run .ci/run: {error}"))?;
    if status.success() { Ok(()) } else { Err("a check failed; it is named above".to_owned()) }
}
