//! What we made, what we are about to make, and what is on its way out: remembered so that a crash forgets nothing.

mod entry;
mod failure;
mod row;
mod schema;
mod shared;
mod spending;
mod sqlite;
mod state;

use async_trait::async_trait;
use jiff::Timestamp;
use machine_core::{IntentId, IntentStore, ResourceKind, Result};

pub use entry::Entry;
pub use sqlite::SqliteLedger;
pub use state::{Event, State, transition};

use crate::ClientId;
use crate::books::Books;

/// Whether a line may be written, by what the books say.
pub type Check<'a> = dyn Fn(&Books) -> Result<()> + Send + Sync + 'a;

/// Where intents and their fates are remembered. Every method that changes something returns only when a crash of this
/// process, or of the computer, would not undo it.
///
/// Errors are [`Ledger`](machine_core::ErrorKind::Ledger) unless said otherwise, and have no effect in any cloud.
#[async_trait]
pub trait Ledger: IntentStore {
    /// This process as the ledger knows it. From the first call on it counts as alive until it ends, or until the ledger is
    /// dropped.
    async fn client(&self) -> Result<ClientId>;

    /// Whether a client is still there to look after its intents. One that cannot be told dead is alive.
    async fn is_alive(&self, client: ClientId) -> Result<bool>;

    /// Writes a new line. A line of that intent that exists already is a [`Conflict`](machine_core::ErrorKind::Conflict).
    async fn insert(&self, entry: &Entry) -> Result<()>;

    /// Writes a new line where `check` allows it by the books as they are at that moment: no other process writes a line between
    /// the two. Otherwise the error is that of `check`, and nothing was written.
    async fn insert_checked(&self, entry: &Entry, check: &Check<'_>) -> Result<()>;

    /// What is known of our own money.
    async fn books(&self) -> Result<Books>;

    /// Applies `event` to the line of `intent` in one indivisible step, and answers with the line as it is then.
    ///
    /// [`Conflict`](machine_core::ErrorKind::Conflict) when the event does not fit what the line says by now, and
    /// [`NotFound`](machine_core::ErrorKind::NotFound) where there is no such line.
    async fn apply(&self, intent: IntentId, event: &Event) -> Result<Entry>;

    /// The line of `intent`.
    async fn get(&self, intent: IntentId) -> Result<Option<Entry>>;

    /// The line of the thing that the provider calls `resource_id`; one that is not a tombstone where there are several.
    async fn find(&self, provider: &str, resource: ResourceKind, resource_id: &str) -> Result<Option<Entry>>;

    /// Every line of this provider, whoever owns it, oldest first.
    async fn entries(&self, provider: &str) -> Result<Vec<Entry>>;

    /// Our own open lines, oldest first. Cheap where there are none.
    async fn open_entries(&self) -> Result<Vec<Entry>>;

    /// Forgets tombstones that were last touched before `before`, but for what they cost, and what dead clients left behind.
    /// Answers with how many lines went.
    async fn prune(&self, before: Timestamp) -> Result<u64>;
}
