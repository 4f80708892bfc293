//! Waiting for a machine, on its own word wherever it can give one.

use std::sync::Arc;
use std::time::Duration;

use machine_core::{Error, ErrorKind, Goal, Machine, MachineId, MachineState, Result, Until};

use super::Local;
use crate::control::Connection;
use crate::wire::Request;
use crate::work::blocking;

/// How soon to look again at first; each time twice as long.
const FIRST: Duration = Duration::from_millis(1);
/// How soon to look again at the latest.
const LAST: Duration = Duration::from_millis(250);
/// How long a shim may take to be gone after its machine has ended, before it is looked at again from the start.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Waits until the machine is where `until` wants it.
///
/// # Errors
/// [`ErrorKind::Timeout`] at the deadline, with its last state; [`ErrorKind::Conflict`] when it can no longer get there;
/// [`ErrorKind::NotFound`] when there is none to begin with.
pub(super) async fn wait(local: &Arc<Local>, id: &MachineId, until: Until) -> Result<Machine> {
    let mut last: Option<Machine> = None;
    let mut pause = FIRST;
    loop {
        let looked = {
            let (local, id) = (Arc::clone(local), id.clone());
            blocking(move || local.get(id.as_str())).await
        };
        let machine = match (looked, last.take()) {
            (Ok(machine), _) => machine,
            (Err(error), Some(seen)) if error.kind() == ErrorKind::NotFound => {
                Machine { state: MachineState::Destroyed, raw_state: "destroyed".to_owned(), ..seen }
            }
            (Err(error), _) => return Err(error),
        };
        if until.goal.reached(&machine) {
            return Ok(machine);
        }
        if until.goal.unreachable(&machine) {
            let message = format!("machine `{}` is {} and will not run by itself", machine.name, machine.raw_state);
            return Err(Error::new(ErrorKind::Conflict, message).with_hint(format!(
                "`machine logs {}` shows what it wrote; `machine start {0}` starts it",
                machine.name
            )));
        }
        if until.deadline.passed() {
            let message = format!("machine `{}` is still {} at the deadline", machine.name, machine.raw_state);
            return Err(Error::new(ErrorKind::Timeout, message));
        }
        let waits_for_its_end = until.goal != Goal::Running && machine.state == MachineState::Running;
        let sleep = pause.min(until.deadline.remaining());
        pause = (pause * 2).min(LAST);
        if waits_for_its_end {
            let ended = until_it_ends(local, id);
            match tokio::time::timeout(until.deadline.remaining(), ended).await {
                Ok(Ok(true)) => pause = FIRST,
                Ok(Ok(false)) => tokio::time::sleep(sleep).await,
                Ok(Err(error)) => return Err(error),
                Err(_deadline) => {}
            }
        } else {
            tokio::time::sleep(sleep).await;
        }
        last = Some(machine);
    }
}

/// Waits until the machine says that it ends, and then for its supervisor to be gone. False: nobody was there to say so.
async fn until_it_ends(local: &Arc<Local>, id: &MachineId) -> Result<bool> {
    let Some(dir) = local.store.machine(id.as_str())? else { return Ok(true) };
    let Some(connection) = Connection::open(&dir).await? else { return Ok(false) };
    if connection.send(&Request::Watch, &[]).await.is_err() || connection.ended().await.is_err() {
        return Ok(false);
    }
    blocking(move || dir.wait_until_dead(LAST_WORDS)).await
}
