//! The one connection that a process has to a ledger.
//!
//! It is kept until the process ends, on purpose. Closing the last connection to a database makes SQLite copy its write-ahead log
//! back, sync it and delete it, which costs a short command more than all its commits do, and the next one has to make the log
//! anew. A log that stays is as safe: whoever opens the database next reads it, and copies it back when it has grown.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use machine_core::{Error, Result};
use sqlx::ConnectOptions as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};

use super::failure::explain;

/// How long a command waits for another one's commit. Commits take a millisecond; five seconds of them are a hang.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many pages the log may have before a commit copies it back: some twenty machines' worth. The first command that opens the
/// ledger reads all of it, so that SQLite's own thousand would cost two milliseconds at every start.
const LOG_PAGES: &str = "100";

/// A connection that everything in this process shares.
pub(super) type Shared = Arc<tokio::sync::Mutex<SqliteConnection>>;

/// By device and inode: a database that was replaced under its name is another one.
static CONNECTIONS: Mutex<Option<HashMap<(u64, u64), Shared>>> = Mutex::new(None);

/// How connections are made. `synchronous = FULL` has every commit on the disk before it returns.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(PATIENCE)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", LOG_PAGES)
        .disable_statement_logging()
}

/// The connection to the database at `path`, which exists. The second answer says whether it was made just now.
pub(super) async fn connect(path: &Path) -> Result<(Shared, bool)> {
    let found = fs::metadata(path)
        .map_err(|error| Error::io(format!("the ledger {} cannot be read", path.display()), error))?;
    let key = (found.dev(), found.ino());
    if let Some(shared) = known(key) {
        return Ok((shared, false));
    }
    let connection = options(path).connect().await.map_err(|error| explain(path, error))?;
    Ok((Arc::new(tokio::sync::Mutex::new(connection)), true))
}

/// Keeps a connection that proved good.
pub(super) fn keep(path: &Path, connection: &Shared) {
    let Ok(found) = fs::metadata(path) else { return };
    let mut connections = CONNECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    connections.get_or_insert_default().entry((found.dev(), found.ino())).or_insert_with(|| Arc::clone(connection));
}

fn known(key: (u64, u64)) -> Option<Shared> {
    let connections = CONNECTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    connections.as_ref()?.get(&key).cloned()
}
