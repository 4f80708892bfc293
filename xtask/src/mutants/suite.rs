//! The tests that have to catch mistakes.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::Outcome;

/// Seconds after which a suite hangs: a mistake may make it.
const LIMIT: &str = "900";
/// What `timeout` ends with when its time was over.
const OVER: i32 = 124;

/// Some tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    /// The rules of the ledger and the fleet, before a cloud in memory.
    Fleet,
    /// The real command, killed everywhere before one simulated cloud.
    KillMatrix,
    /// The system calls of the real command.
    Trace,
}

/// The cheapest first.
pub(crate) const ALL: [Suite; 3] = [Suite::Fleet, Suite::Trace, Suite::KillMatrix];

/// What came of a suite.
#[derive(Debug)]
pub(crate) enum Verdict {
    Passed,
    /// The names of the tests that failed.
    Failed(Vec<String>),
    /// What the compiler says.
    DoesNotBuild(String),
}

/// How cargo ended.
struct Ran {
    status: ExitStatus,
    said: String,
}

impl Suite {
    /// Builds and runs it in the sources at `tree`.
    pub(crate) fn run(self, tree: &Path, build: &Path) -> Outcome<Verdict> {
        let built = self.cargo(tree, build, true)?;
        if !built.status.success() {
            return Ok(Verdict::DoesNotBuild(built.said));
        }
        let ran = self.cargo(tree, build, false)?;
        if ran.status.success() {
            return Ok(Verdict::Passed);
        }
        let mut failed: Vec<String> = ran.said.lines().filter_map(failure).collect();
        if ran.status.code() == Some(OVER) {
            failed.push(format!("not done within {LIMIT} s"));
        }
        if failed.is_empty() {
            return Err(format!("{self} ended with {} and names no test that failed:\n{}", ran.status, ran.said));
        }
        Ok(Verdict::Failed(failed))
    }

    fn cargo(self, tree: &Path, build: &Path, only_build: bool) -> Outcome<Ran> {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=10", LIMIT]).arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The same packages for every suite: with others the dependencies would have other features, and be built once more.
        command.args(["test", "--locked", "--no-fail-fast", "-p", "machine-fleet", "-p", "machine-tests"]);
        command.args(["-p", "machine-cli"]);
        let filter = match self {
            Self::Fleet => {
                command.args(["--lib", "--test", "fleet"]);
                None
            }
            Self::KillMatrix => {
                command.args(["--test", "kill_matrix"]);
                Some("matrix: digitalocean")
            }
            Self::Trace => {
                command.args(["--test", "kill_matrix"]);
                Some("synced before it is sent")
            }
        };
        if only_build {
            command.arg("--no-run");
        } else {
            command.args(filter);
        }
        command.current_dir(tree).env("CARGO_TARGET_DIR", build).env("CARGO_TERM_COLOR", "never");
        // Into a file and not into a pipe: what a test that failed leaves running would keep that open.
        let path = build.join("said");
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(build).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        command.stdin(Stdio::null()).stdout(file.try_clone().map_err(failed)?).stderr(file);
        let status = command.status().map_err(|error| format!("cannot run timeout: {error}"))?;
        let said = fs::read(&path).map_err(failed)?;
        Ok(Ran { status, said: String::from_utf8_lossy(&said).into_owned() })
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fleet => "fleet",
            Self::KillMatrix => "kill matrix",
            Self::Trace => "trace of system calls",
        })
    }
}

/// The test's name, where the line says that one has failed.
fn failure(line: &str) -> Option<String> {
    let (name, verdict) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    verdict.trim().ends_with("FAILED").then(|| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_named_by_either_harness() {
        assert_eq!(
            failure("test sweep::a_dead_clients_machine_goes ... FAILED").unwrap(),
            "sweep::a_dead_clients_machine_goes"
        );
        assert_eq!(failure("test digitalocean ... FAILED").unwrap(), "digitalocean");
        assert_eq!(failure("test fly          ... ok"), None);
        assert_eq!(failure("test result: FAILED. 1 passed; 2 failed"), None);
    }
}
