//! The real command killed at every place, with every fault, before every cloud.

use std::process::Command;

use crate::{Outcome, root};

/// Builds it so that it is fast and can be killed, and runs all of it, a sample, or pairs of faults.
pub(crate) fn run(how: &[&str]) -> Outcome {
    let mut command = Command::new("cargo");
    command.args(["test", "--profile", "matrix", "-p", "machine-tests", "--test", "kill_matrix"]);
    command.current_dir(root()).env("MACHINE_KILL_MATRIX", "full");
    for word in how {
        match *word {
            "--sample" => command.env("MACHINE_KILL_MATRIX", "sample"),
            "--pairs" => command.env("MACHINE_KILL_MATRIX", "pairs"),
            cloud @ ("fly" | "digitalocean" | "vultr") => command.env("MACHINE_KILL_CLOUD", cloud),
            other => return Err(format!("`{other}` is neither `--sample` nor `--pairs` nor a cloud")),
        };
    }
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("something was leaked, destroyed wrongly or broken; see above".to_owned())
    }
}
