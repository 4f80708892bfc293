//! Measuring whole processes: wall time by the monotonic clock, memory by the kernel's own high-water mark.

pub(crate) mod list;
pub(crate) mod local;
mod report;
mod series;

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

use crate::Outcome;

use report::Report;
pub(crate) use series::Series;

/// The hidden task that [`repeat`] runs itself as: the kernel keeps the largest memory of all children that a process ever
/// had, so each command needs a parent of its own.
pub(crate) const MEASURE: &str = "__measure";

/// Wall times of a command, and the most memory that any of its runs had.
pub(crate) struct Measured {
    /// Milliseconds, one a run.
    pub(crate) wall: Series,
    /// Largest resident set in KiB.
    pub(crate) max_rss_kib: u64,
}

/// Runs `command` `runs` times and prints what [`repeat`] reads.
pub(crate) fn measure(runs: &str, command: &[&str]) -> Outcome {
    let runs: usize = runs.parse().map_err(|_| format!("`{runs}` is not a number of runs"))?;
    let [program, args @ ..] = command else { return Err("no command to measure".to_owned()) };
    let mut wall = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        let status = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .status()
            .map_err(|error| format!("cannot run {program}: {error}"))?;
        wall.push(start.elapsed().as_secs_f64() * 1000.0);
        if !status.success() {
            return Err(format!("{} ended with {status}", command.join(" ")));
        }
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| format!("getrusage: {error}"))?;
    println!("{}", serde_json::json!({ "wall": wall, "max_rss_kib": usage.max_rss() }));
    Ok(())
}

/// Runs `command` `runs` times in a process of its own and says how long each run took.
pub(crate) fn repeat(runs: usize, command: &Command) -> Outcome<Measured> {
    let myself = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut measured = Command::new(myself);
    measured.arg(MEASURE).arg(runs.to_string()).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measured.env(name, value),
            None => measured.env_remove(name),
        };
    }
    let output = measured
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot measure {}: {error}", command.get_program().display()))?;
    if !output.status.success() {
        return Err(format!("measuring {} failed", command.get_program().display()));
    }
    let answer: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("unreadable measurement: {error}"))?;
    let wall = answer["wall"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect();
    Ok(Measured { wall: Series::new(wall), max_rss_kib: answer["max_rss_kib"].as_u64().unwrap_or(0) })
}

/// Builds the release binary.
fn build() -> Outcome {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--package", "machine-cli"])
        .current_dir(crate::root())
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("the release build failed".to_owned()) }
}

/// How long `action` took, in milliseconds.
pub(crate) fn timed<T>(action: impl FnOnce() -> Outcome<T>) -> Outcome<(f64, T)> {
    let start = Instant::now();
    let value = action()?;
    Ok((start.elapsed().as_secs_f64() * 1000.0, value))
}
