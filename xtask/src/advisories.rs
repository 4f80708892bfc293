//! Known vulnerabilities of what we depend on.

use std::process::{Command, Stdio};

use crate::{Outcome, root};

/// Where advisories about crates are published. cargo-deny has the same by default.
const DATABASE: &str = "https://github.com/RustSec/advisory-db";

/// Asks the advisory database about everything in `Cargo.lock`. Where it cannot be reached nothing is known, and that is said
/// and no failure: a change is not wrong because a computer has no network.
pub(crate) fn run() -> Outcome {
    if !reachable()? {
        println!("SKIPPED: {DATABASE} cannot be reached from here, so nothing was asked about vulnerabilities");
        return Ok(());
    }
    let status = Command::new("cargo-deny")
        .args(["--locked", "check", "advisories"])
        .current_dir(root())
        .status()
        .map_err(|error| format!("cannot run cargo-deny, which `.ci/tools` installs: {error}"))?;
    if status.success() { Ok(()) } else { Err("a dependency has a known vulnerability; see above".to_owned()) }
}

/// Whether the database answers within a short time.
fn reachable() -> Outcome<bool> {
    let status = Command::new("timeout")
        .args(["20", "git", "ls-remote", "--exit-code", DATABASE, "HEAD"])
        // Some hosts ask for a name and a password where they mean "no".
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run timeout and git: {error}"))?;
    Ok(status.success())
}
