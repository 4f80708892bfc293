//! A process that outlives the cloud by a moment: where the cloud is killed and its state was to go with it, this ends the
//! machines that are left.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

use crate::clock::Clock;
use crate::machines::Place;
use crate::machines::host::Host;
use crate::machines::log::Logs;

/// The argument by which the helper program knows that it is to sweep.
const SWEEP_ARG: &str = "__simcloud-sweep";

/// The process. It sweeps when this is dropped or its owner is dead, whatever kills that.
#[derive(Debug)]
pub(super) struct Sweeper(Child);

impl Sweeper {
    /// Has `helper` watch over the state in `dir`.
    pub(super) fn begin(helper: Option<&Path>, dir: &Path) -> std::io::Result<Self> {
        let program = helper.map_or_else(std::env::current_exe, |helper| Ok(helper.to_owned()))?;
        let mut command = Command::new(program);
        command.arg(SWEEP_ARG).arg(dir).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // What interrupts the cloud is not to interrupt this.
        command.process_group(0).current_dir("/").spawn().map(Self)
    }
}

impl Drop for Sweeper {
    /// Where all is swept already, it only has a look.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            tracing::debug!(%error, "the sweeper is not waited for");
        }
    }
}

/// Sweeps where this process was started for that, when whoever has started it is gone.
pub(crate) fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().filter(|first| first == SWEEP_ARG)?;
    let dir = PathBuf::from(arguments.next()?);
    // Nothing is ever written there: it ends with its writer.
    std::io::stdin().read_to_end(&mut Vec::new()).ok();
    if !dir.is_dir() {
        return Some(ExitCode::SUCCESS);
    }
    let logs = Logs::new(Arc::new(Clock::new(jiff::Timestamp::now(), 1.0)));
    let Ok(host) = Host::open(Place { state: Some(dir.clone()), helper: None }, logs) else {
        return Some(ExitCode::FAILURE);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async { tokio::time::timeout(super::ENDING, host.sweep(false)).await.ok() });
    std::fs::remove_dir_all(&dir).ok();
    Some(ExitCode::SUCCESS)
}
