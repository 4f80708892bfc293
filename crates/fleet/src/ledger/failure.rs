//! What the database's failures mean to whoever has to do something about them.

use std::path::Path;

use machine_core::{Error, ErrorKind, Retry};

/// Primary result codes of SQLite; the low byte of the extended ones.
mod code {
    pub(super) const PERM: i32 = 3;
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const NOTADB: i32 = 26;
}

/// A failure of the database at `path`, in words.
pub(super) fn explain(path: &Path, error: sqlx::Error) -> Error {
    let code = match &error {
        sqlx::Error::Database(database) => {
            database.code().and_then(|code| code.parse::<i32>().ok()).map_or(0, |code| code & 0xff)
        }
        _ => 0,
    };
    let path = path.display();
    let say = |kind, what: String, hint: &'static str| Error::new(kind, what).with_hint(hint);
    let explained = match code {
        code::BUSY | code::LOCKED => say(
            ErrorKind::Ledger,
            format!("the ledger {path} is held by another command for too long"),
            "try again; if it stays, look for a command that hangs",
        )
        .with_retry(Retry::Backoff),
        code::CORRUPT | code::NOTADB => return damaged(path, &error.to_string()).with_source(error),
        code::FULL => say(
            ErrorKind::Ledger,
            format!("the ledger {path} cannot be written to: the disk is full"),
            "free some space and try again",
        ),
        code::READONLY | code::PERM | code::CANTOPEN => say(
            ErrorKind::Ledger,
            format!("the ledger {path} cannot be written to: {error}"),
            "see whether its file system is read-only and whom the files belong to, or set MACHINE_STATE_DIR",
        ),
        code::IOERR => say(
            ErrorKind::Ledger,
            format!("the ledger {path} cannot be read or written: {error}"),
            "see whether the disk is full or failing",
        ),
        code::CONSTRAINT => Error::new(ErrorKind::Conflict, format!("the ledger {path} refuses the line: {error}")),
        _ => Error::new(ErrorKind::Ledger, format!("the ledger {path} failed: {error}")),
    };
    explained.with_source(error)
}

/// The ledger at `path` is not what it should be. It is never mended or replaced by us: it may be the only thing that knows
/// of a machine that costs money.
pub(super) fn damaged(path: impl std::fmt::Display, why: &str) -> Error {
    Error::new(ErrorKind::Ledger, format!("the ledger {path} is damaged: {why}")).with_hint(
        "restore it from a backup; or move it away with its -wal and -shm, and look through `machine list` for what it knew",
    )
}
