//! The ledger in a SQLite file of the state directory.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Intent, IntentId, IntentStore, OwnerId, ResourceKind, Result, failpoint};
use sqlx::sqlite::SqliteJournalMode;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};
use tokio::sync::OnceCell;

use super::failure::{damaged, explain};
use super::shared::{self, Shared};
use super::spending::{self, Failed};
use super::{Check, Entry, Event, Ledger, row, schema};
use crate::books::Books;
use crate::client::{Clients, Presence};
use crate::state_dir::{private_file, remove_if_there};
use crate::{ClientId, StateDir, owner};

/// The file's name in the state directory.
const FILE: &str = "ledger.db";
/// What it is called until it is complete.
const UNFINISHED: &str = "ledger.db.new";
/// What SQLite keeps beside a database.
const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The ledger in a SQLite file of the state directory: write-ahead log, every commit synced to the disk.
///
/// Several processes may have it open at once. Each change is one statement that compares before it sets, so no two of
/// them ever settle the same intent in two ways.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    owner: OwnerId,
    clients: Clients,
    presence: OnceCell<Presence>,
    connection: Shared,
}

impl SqliteLedger {
    /// Opens the ledger of `dir`; makes it where there has never been one.
    ///
    /// # Errors
    /// [`ErrorKind::Ledger`] when it is damaged, was made by a newer version, or cannot be written to. It is then left as it is.
    pub async fn open(dir: &StateDir) -> Result<Self> {
        let owner = owner::of(dir).await?;
        let path = dir.path().join(FILE);
        if path.to_str().is_none() {
            let what = format!("the state directory {} is not valid UTF-8", dir.path().display());
            return Err(Error::new(ErrorKind::Config, what).with_hint("set MACHINE_STATE_DIR to one that is"));
        }
        if !path.exists() {
            make(dir, &path).await?;
        }
        let (connection, fresh) = shared::connect(&path).await?;
        if fresh {
            let held = &mut *connection.lock().await;
            if version(held, &path).await? < schema::VERSION {
                migrate(dir, held, &path).await?;
            }
            shared::keep(&path, &connection);
        }
        Ok(Self { path, owner, clients: Clients::of(dir), presence: OnceCell::new(), connection })
    }

    /// Whether there is a ledger in the state directory at `path`. Touches nothing.
    pub fn is_in(path: &Path) -> bool {
        path.join(FILE).exists()
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every line, of all providers and owners, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::Ledger`] where it cannot be read.
    pub async fn all_entries(&self) -> Result<Vec<Entry>> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query(schema::ALL).fetch_all(&mut *connection).await;
        rows.map_err(|error| self.explain(error))?.iter().map(row::decode).collect()
    }

    fn explain(&self, error: sqlx::Error) -> Error {
        explain(&self.path, error)
    }

    fn failed(&self, failed: Failed) -> Error {
        match failed {
            Failed::Database(error) => self.explain(error),
            Failed::Other(error) => error,
        }
    }
}

/// Makes a new ledger under another name and puts it in place when it is complete, so that one that is empty or half made is
/// known to be damaged.
async fn make(dir: &StateDir, path: &Path) -> Result<()> {
    let _lock = dir.lock().await?;
    if path.exists() {
        return Ok(());
    }
    if let Some(left) = SIDECARS.iter().map(|suffix| beside(path, suffix)).find(|left| left.exists()) {
        return Err(damaged(path.display(), &format!("it is missing, and {} is still there", left.display())));
    }
    let failed = |error| Error::io(format!("the ledger {} cannot be made", path.display()), error);
    let unfinished = dir.path().join(UNFINISHED);
    for left in SIDECARS.iter().map(|suffix| beside(&unfinished, suffix)).chain([unfinished.clone()]) {
        remove_if_there(&left).map_err(failed)?;
    }
    drop(private_file(&unfinished).map_err(failed)?);
    let options = shared::options(&unfinished).journal_mode(SqliteJournalMode::Wal);
    let built = async {
        let mut connection = options.connect().await?;
        for migration in schema::MIGRATIONS {
            sqlx::raw_sql(*migration).execute(&mut connection).await?;
        }
        // Unlike in `shared`, closing it is the point: one file that has everything in it and is synced.
        connection.close().await
    };
    built.await.map_err(|error| explain(path, error))?;
    dir.put_in_place(&unfinished, FILE).map_err(failed)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The version of the file, which is a ledger, and one that we understand.
async fn version(connection: &mut SqliteConnection, path: &Path) -> Result<i64> {
    let row = sqlx::query(schema::VERSION_QUERY).fetch_one(connection).await.map_err(|error| explain(path, error))?;
    let number = |column| row.try_get::<i64, _>(column).map_err(|error| explain(path, error));
    let (version, application) = (number(0)?, number(1)?);
    match version {
        _ if application != schema::APPLICATION_ID => Err(damaged(path.display(), "it is not a ledger (any more)")),
        1..=schema::VERSION => Ok(version),
        newer if newer > schema::VERSION => {
            let what = format!("the ledger {} was made by a newer version of machine", path.display());
            Err(Error::new(ErrorKind::Ledger, what).with_hint("upgrade this one, or set MACHINE_STATE_DIR"))
        }
        unknown => Err(damaged(path.display(), &format!("its version is {unknown}"))),
    }
}

/// Brings an older ledger to our version, all of it or not at all, while nobody else does.
async fn migrate(dir: &StateDir, connection: &mut SqliteConnection, path: &Path) -> Result<()> {
    let _lock = dir.lock().await?;
    let mut alone = spending::alone(connection).await.map_err(|error| explain(path, error))?;
    // Another process may have been here since we looked.
    let found = version(&mut alone, path).await?;
    let missing = schema::MIGRATIONS.get(usize::try_from(found).unwrap_or_default()..).unwrap_or_default();
    for migration in missing {
        sqlx::raw_sql(*migration).execute(&mut *alone).await.map_err(|error| explain(path, error))?;
    }
    alone.commit().await.map_err(|error| explain(path, error))
}

#[async_trait]
impl IntentStore for SqliteLedger {
    fn owner(&self) -> &OwnerId {
        &self.owner
    }

    async fn commit(&self, intent: &Intent) -> Result<()> {
        let client = self.client().await?;
        self.insert(&Entry::sent(intent.clone(), None, client)).await
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn client(&self) -> Result<ClientId> {
        self.presence.get_or_try_init(async || self.clients.enter()).await.map(Presence::id)
    }

    async fn is_alive(&self, client: ClientId) -> Result<bool> {
        self.clients.is_alive(client)
    }

    async fn insert(&self, entry: &Entry) -> Result<()> {
        let mut connection = self.connection.lock().await;
        failpoint::reached("ledger: before a line is written");
        let inserted = row::insert(entry).execute(&mut *connection).await;
        failpoint::reached("ledger: after a line was written");
        inserted.map(drop).map_err(|error| self.explain(error))
    }

    async fn insert_checked(&self, entry: &Entry, check: &Check<'_>) -> Result<()> {
        let mut connection = self.connection.lock().await;
        spending::insert_checked(&mut connection, entry, check).await.map_err(|failed| self.failed(failed))
    }

    async fn books(&self) -> Result<Books> {
        let mut connection = self.connection.lock().await;
        spending::books_at_once(&mut connection, &self.owner).await.map_err(|failed| self.failed(failed))
    }

    async fn apply(&self, intent: IntentId, event: &Event) -> Result<Entry> {
        // Each turn that fails means that another process made a change; there are only so many changes to make.
        loop {
            let Some(entry) = self.get(intent).await? else { return Err(Error::not_found("intent", intent)) };
            let next = entry
                .after(event, Timestamp::now())
                .map_err(|error| error.with_context("intent", intent.to_string()))?;
            let mut connection = self.connection.lock().await;
            failpoint::reached("ledger: before a line is changed");
            let updated = row::update(&next, entry.revision).execute(&mut *connection).await;
            failpoint::reached("ledger: after a line was changed");
            if updated.map_err(|error| self.explain(error))?.rows_affected() == 1 {
                return Ok(next);
            }
        }
    }

    async fn get(&self, intent: IntentId) -> Result<Option<Entry>> {
        let mut connection = self.connection.lock().await;
        let row = sqlx::query(schema::GET).bind(intent.to_string()).fetch_optional(&mut *connection).await;
        row.map_err(|error| self.explain(error))?.as_ref().map(row::decode).transpose()
    }

    async fn find(&self, provider: &str, resource: ResourceKind, resource_id: &str) -> Result<Option<Entry>> {
        let query =
            sqlx::query(schema::FIND).bind(resource_id.to_owned()).bind(provider.to_owned()).bind(resource.as_str());
        let mut connection = self.connection.lock().await;
        let row = query.fetch_optional(&mut *connection).await;
        row.map_err(|error| self.explain(error))?.as_ref().map(row::decode).transpose()
    }

    async fn entries(&self, provider: &str) -> Result<Vec<Entry>> {
        let mut connection = self.connection.lock().await;
        let rows = sqlx::query(schema::ENTRIES).bind(provider.to_owned()).fetch_all(&mut *connection).await;
        rows.map_err(|error| self.explain(error))?.iter().map(row::decode).collect()
    }

    async fn open_entries(&self) -> Result<Vec<Entry>> {
        let mut connection = self.connection.lock().await;
        let query = sqlx::query(schema::OPEN).bind(self.owner.as_str().to_owned());
        let rows = query.fetch_all(&mut *connection).await;
        rows.map_err(|error| self.explain(error))?.iter().map(row::decode).collect()
    }

    async fn prune(&self, before: Timestamp) -> Result<u64> {
        self.clients.tidy();
        let mut connection = self.connection.lock().await;
        spending::prune(&mut connection, before).await.map_err(|failed| self.failed(failed))
    }
}
