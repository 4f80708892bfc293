//! The process that outlives us: when `machine run` dies, even by `kill -9`, it ends the machine that was left open.
//!
//! It waits at the end of a pipe whose other end only its parent holds. A parent that has cleaned up writes a byte first;
//! one that died could not, and the pipe's end says so at once. Until then the reaper has neither a runtime nor an open
//! ledger: it is one blocked read.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Args;
use machine_core::{Deadline, Error, Result};
use machine_fleet::ClientId;
use rustix::io::Errno;

use crate::app::App;
use crate::cli::Globals;
use crate::failure::{Failure, code};
use crate::parent::{Parent, detach};
use crate::printer::Printer;
use crate::setup::Setup;
use crate::surroundings::Surroundings;

/// The hidden command that is the reaper.
pub(crate) const COMMAND: &str = "__reaper";

/// What a parent that leaves nothing open writes.
const NOTHING_TO_DO: u8 = b'.';

/// The longest that the reaper tries to settle what is left. What is open then is for the next command that looks.
const SETTLE_WITHIN: Duration = Duration::from_mins(10);

/// A reaper that watches over us. Dropping it without [`Reaper::dismiss`] makes it act, as our death does.
#[derive(Debug)]
pub(crate) struct Reaper(Child);

impl Reaper {
    /// Starts one.
    ///
    /// # Errors
    /// Where no process can be started: without it a death of ours could leave a machine behind.
    pub(crate) fn start(app: &App, client: ClientId) -> Result<Self> {
        let failed = |error| Error::io("cannot start the process that cleans up after us", error);
        let setup = app.setup();
        let mut command = Command::new(&setup.surroundings.program);
        command.arg(COMMAND).arg(client.to_string()).arg(std::process::id().to_string());
        // The very account that we have, whatever becomes of the current directory.
        command.arg("--provider").arg(app.section());
        if let Some(file) = setup.config.file() {
            command.arg("--config-file").arg(std::path::absolute(file).map_err(failed)?);
        }
        command.env_clear().envs(setup.surroundings.environment.iter());
        // A group of its own, from its first instant: what Ctrl-C sends to ours must not reach it. Our current directory
        // is left to be removed: the reaper takes no part in it.
        let child = command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        child.map(Self).map_err(failed)
    }

    /// Sends it away: we leave nothing open.
    pub(crate) fn dismiss(mut self) {
        if let Some(pipe) = &mut self.0.stdin {
            // A reaper that is gone already needs no telling.
            drop(pipe.write_all(&[NOTHING_TO_DO]));
        }
    }
}

/// Does what may leave something open, with a reaper that settles it where we are killed, and where we leave at once.
///
/// # Errors
/// What the work ends with, and where no reaper can be started.
pub(crate) async fn watched<T>(app: &App, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    all_watched(&[app], work).await
}

/// The same for work at several accounts, each of which gets a reaper of its own.
///
/// # Errors
/// As [`watched`].
pub(crate) async fn all_watched<T>(
    apps: &[&App],
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut reapers = Vec::with_capacity(apps.len());
    for app in apps {
        // What only tells leaves nothing open.
        if app.setup().globals.no_reaper || app.setup().globals.dry_run {
            continue;
        }
        let fleet = app.fleet().await?;
        let client = fleet.ledger().client().await?;
        reapers.push((fleet, client, Reaper::start(app, client)?));
    }
    let ended = work.await;
    // Whoever leaves at once asks nobody.
    if !matches!(ended, Err(Failure::Interrupted(_))) {
        for (fleet, client, reaper) in reapers {
            // Sent away only when the ledger says that nothing is left.
            let in_order =
                fleet.open_intents().await.is_ok_and(|open| open.iter().all(|entry| entry.client != Some(client)));
            if in_order {
                reaper.dismiss();
            }
        }
    }
    ended
}

/// The same for what makes or destroys things that are made to stay. Those of this computer cost nothing while nobody looks,
/// and the next command that looks is soon enough for them.
///
/// # Errors
/// As [`watched`].
pub(crate) async fn watched_where_it_costs<T>(
    app: &App,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    if app.provider().capabilities().remote { watched(app, work).await } else { work.await }
}

/// Waits for the end of the process that started it, and settles what that left open.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Who that process is in the ledger.
    client: ClientId,
    /// Its pid.
    parent: u32,
}

impl Serve {
    /// Is the reaper.
    ///
    /// # Errors
    /// What keeps the ledger from being opened or settled. Nobody sees it; the next command that looks, does.
    pub(crate) fn run(&self, globals: Globals, surroundings: Surroundings) -> Result<u8, Failure> {
        let failed = |error| Error::io("cannot watch the parent", error);
        let parent = Parent::find(self.parent).map_err(failed)?;
        if !detach().map_err(failed)? || !parent_left().map_err(|errno| failed(errno.into()))? {
            return Ok(code::OK);
        }
        parent.wait().map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::io("cannot start the event loop", error))?;
        let settled = runtime.block_on(async {
            let printer = Printer::new(surroundings.streams.clone(), true);
            let app = App::open(Setup::load(globals, surroundings, printer)?)?;
            let settled = app.fleet().await?.settle(self.client, Deadline::after(SETTLE_WITHIN)).await;
            // A death in the middle of making a machine leaves files that no intent speaks of.
            let collected = app.tidy(false).await;
            settled.and(collected.map(drop))
        });
        runtime.shutdown_background();
        settled.map(|()| code::OK).map_err(Failure::from)
    }
}

/// Blocks until the parent says that there is nothing to do, or is gone.
fn parent_left() -> Result<bool, Errno> {
    let mut word = [0];
    loop {
        match rustix::io::read(rustix::stdio::stdin(), &mut word) {
            Ok(length) => return Ok(length == 0),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}
