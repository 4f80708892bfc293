//! Starting, stopping, and both in one.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{Effect, Error, ErrorKind, MachineId, Power, Result, Signal};

use super::end::{end, settle};
use super::start::NotStarted;
use super::{Local, LocalProvider};
use crate::control::Connection;
use crate::status::Status;
use crate::store::{MachineDir, OpLock};
use crate::wire::Request;
use crate::work::blocking;

/// Does `to` with the machine.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Busy`] when another process is changing it; what kept it from starting or ending.
pub(super) async fn power(local: &Arc<Local>, id: &MachineId, to: Power) -> Result<()> {
    let (dir, grace, then_start, what) = match to {
        Power::Start => {
            let (local, id) = (Arc::clone(local), id.clone());
            return blocking(move || local.start_again(&local.store.require_machine(id.as_str())?, "start")).await;
        }
        Power::Stop { grace } => (local.store.require_machine(id.as_str())?, grace, false, "stop"),
        Power::Reboot { grace } => (local.store.require_machine(id.as_str())?, grace, true, "restart"),
        _ => {
            return Err(Error::unsupported(crate::KIND, "keep a machine's memory while it does not run")
                .with_hint("`machine stop` ends it; what it wrote to its directories is kept"));
        }
    };
    let lock = dir.lock(what)?;
    let (dir, lock) = stop(dir, lock, None, grace).await?;
    if then_start {
        let local = Arc::clone(local);
        blocking(move || local.start_locked(&dir, &lock)).await?;
    }
    Ok(())
}

impl LocalProvider {
    /// Stops a machine as [`Power::Stop`] does, with another signal than `SIGTERM` to begin with.
    ///
    /// # Errors
    /// As [`power`](machine_core::CloudProvider::power).
    pub async fn stop_by(&self, id: &MachineId, signal: Signal, grace: Duration) -> Result<()> {
        let dir = self.local.store.require_machine(id.as_str())?;
        let lock = dir.lock("stop")?;
        stop(dir, lock, Some(signal.0), grace).await.map(drop)
    }

    /// Sends a signal to a machine's own command. One that has ended is left alone.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] when the machine does not run.
    pub async fn signal(&self, id: &MachineId, signal: Signal) -> Result<()> {
        let dir = self.local.store.require_machine(id.as_str())?;
        let Some(connection) = Connection::open(&dir).await? else {
            return Err(Error::new(ErrorKind::Conflict, format!("machine `{}` does not run", dir.name_for_people())));
        };
        connection.send(&Request::Tell(signal.0), &[]).await?;
        // It ends the conversation when that is done.
        connection.ended().await
    }
}

/// Stops the machine in `dir`; one that is stopped is left alone.
async fn stop(dir: MachineDir, lock: OpLock, signal: Option<i32>, grace: Duration) -> Result<(MachineDir, OpLock)> {
    let dir = if dir.is_alive()? { end(dir, signal, grace).await? } else { dir };
    blocking(move || {
        let observed = dir.observe()?;
        settle(&dir, &lock, &observed)?;
        Ok((dir, lock))
    })
    .await
}

impl Local {
    /// Starts a machine that exists; one that runs is left alone.
    pub(super) fn start_again(&self, dir: &MachineDir, what: &str) -> Result<()> {
        self.start_locked(dir, &dir.lock(what)?)
    }

    fn start_locked(&self, dir: &MachineDir, lock: &OpLock) -> Result<()> {
        let spec = dir.spec()?;
        let observed = dir.observe()?;
        match settle(dir, lock, &observed)? {
            Status::Running | Status::Starting => return Ok(()),
            Status::Created | Status::Stopped(_) | Status::Lost | Status::Rebooted => {}
        }
        let files = match spec.files {
            0 => Vec::new(),
            count => self.store.private_files(&spec.id).load()?.ok_or_else(|| {
                let message = format!("the {count} files of machine `{}` were in memory and are gone", spec.name);
                Error::new(ErrorKind::Conflict, message)
                    .with_hint("the computer restarted since; destroy the machine and create it again")
            })?,
        };
        self.start(dir, lock, &spec, files, observed.generation).map_err(|not| match not {
            NotStarted::Untried(error) => error,
            NotStarted::Refused(failure) => self.refused(&spec, failure),
            NotStarted::Lost(error) => error.with_effect(Effect::Unknown),
        })
    }
}
