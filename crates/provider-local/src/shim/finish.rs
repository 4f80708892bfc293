//! Writing down how a start ended.

use std::fs;
use std::process::ExitCode;

use jiff::Timestamp;
use machine_core::{ExitReason, ExitStatus};
use rustix::fs::CWD;

use super::limits::Limits;
use super::log_store::LogStore;
use super::{answer, complain};
use crate::layout::{CTL, EXIT};
use crate::order::{Ready, Stage, StartFailure};
use crate::record::ExitRecord;
use crate::store::{Durability, write_json};

/// Writes `exit.json`. Where the disk does not take it, whoever looks finds the machine lost, which is true.
pub(super) fn record(generation: u64, status: ExitStatus) {
    let at = status.at.or_else(|| Some(Timestamp::now()));
    let record = ExitRecord { generation, status: ExitStatus { at, ..status } };
    if let Err(error) = write_json(CWD, EXIT, &record, Durability::Durable) {
        complain(&format!("cannot write `{EXIT}`: {}", crate::fault::reason(&error)));
    }
}

/// Removes what a machine leaves outside its directory, and its socket.
pub(super) fn clean_up(id: &str, limits: &Limits) {
    // There may be none.
    let _ = fs::remove_file(CTL);
    crate::memory::remove_shown(id);
    for sentence in limits.remove() {
        complain(&sentence);
    }
}

/// The start has failed and nothing of it runs: says so everywhere.
pub(super) fn failed(generation: u64, failure: StartFailure, limits: Option<&Limits>) -> ExitCode {
    complain(&failure.message);
    let message = Some(failure.message.clone());
    let status = ExitStatus { code: failure.code, message, ..ExitStatus::unknown(ExitReason::SetupFailed) };
    if failure.stage == Stage::Command
        && let Ok(mut log) = LogStore::open()
    {
        // Where somebody will look who started the machine and went away.
        log.note(&failure.message);
    }
    match limits {
        Some(limits) => clean_up(limits.id(), limits),
        None => _ = fs::remove_file(CTL),
    }
    record(generation, status);
    let _ = answer(&Ready::Failed(failure));
    ExitCode::FAILURE
}
