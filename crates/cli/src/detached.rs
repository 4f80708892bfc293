//! Jobs that go on without whoever asked for them: the same command in a process of its own, which tells nobody but what is
//! kept of the job.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use machine_core::{Deadline, Error, ErrorKind, Result};

use crate::app::App;
use crate::jobs::{Facts, Store};

/// The variable by which that process knows which job is its own.
const VARIABLE: &str = "MACHINE_DETACHED_JOB";

/// How long it may take to say that it has the job.
const TAKES_WITHIN: Duration = Duration::from_secs(30);
/// How long to wait before looking again.
const LOOK: Duration = Duration::from_millis(10);

/// The job that this process was started for.
pub(crate) fn of_this_process(app: &App) -> Option<&str> {
    app.environment().get(VARIABLE)?.to_str()
}

/// Starts that process for a job that was begun, and waits until the job is its own.
///
/// # Errors
/// Where no process can be started, or it ends at once or takes too long.
pub(crate) async fn start(app: &App, store: &Store, facts: &Facts) -> Result<()> {
    let failed = |error| Error::io("cannot start the process that looks after the job", error);
    let surroundings = &app.setup().surroundings;
    let mut command = Command::new(&surroundings.program);
    command.args(surroundings.args.iter().skip(1));
    command.env_clear().envs(surroundings.environment.iter()).env(VARIABLE, &facts.id);
    // A group of its own: what Ctrl-C sends to ours must not reach it.
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let deadline = Deadline::after(TAKES_WITHIN);
    loop {
        let ended = child.try_wait().map_err(failed)?;
        let now = store.find(&facts.id)?;
        // Its own, or over already.
        if now.pid == child.id() || now.ended.is_some() {
            return Ok(());
        }
        if ended.is_some() || deadline.passed() {
            store.remove(facts)?;
            let what = "the process that was to look after the job did not take it";
            return Err(Error::new(ErrorKind::System, what).with_hint("try it without --detach, which says why"));
        }
        tokio::time::sleep(LOOK).await;
    }
}
