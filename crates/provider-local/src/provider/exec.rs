//! Running a command in a running machine.

use std::sync::Arc;

use machine_core::{Error, ErrorKind, Exec, ExecSession, MachineId, Result};

use super::Local;
use crate::control::{self, Connection};
use crate::plan::check_command;
use crate::store::MachineDir;

/// Runs `command` in the machine.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] when the machine does not run; [`ErrorKind::Invalid`] for a command that
/// cannot be handed over.
pub(super) async fn exec(local: &Arc<Local>, id: &MachineId, command: Exec) -> Result<ExecSession> {
    if command.command.is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "there is no command to run"));
    }
    check_command(&command.command, &command.env, command.workdir.as_ref())?;
    let dir = local.store.require_machine(id.as_str())?;
    let Some(connection) = Connection::open(&dir).await? else { return Err(not_running(&dir)) };
    let program = command.command.clone();
    control::exec(connection, command, || local.missing_program(&program)).await.map_err(|error| {
        // It has ended since: that is what the caller needs to know.
        if matches!(dir.is_alive(), Ok(false)) { not_running(&dir).with_source(error) } else { error }
    })
}

/// Makes sure that the machine runs.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] when it does not.
pub(super) fn require_running(local: &Local, id: &MachineId) -> Result<()> {
    let dir = local.store.require_machine(id.as_str())?;
    if dir.is_alive()? { Ok(()) } else { Err(not_running(&dir)) }
}

fn not_running(dir: &MachineDir) -> Error {
    let name = dir.name_for_people();
    let status = dir.observe().map_or("unreachable", |observed| observed.status.raw());
    Error::new(ErrorKind::Conflict, format!("machine `{name}` does not run (it is {status})"))
        .with_hint(format!("machine start {name}"))
}
