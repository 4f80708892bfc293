//! What was made for a machine and goes with it: its volumes, its DNS records.

use std::sync::Arc;

use machine_core::{Deadline, Error, ErrorKind, IntentId, Result};

use crate::Fleet;
use crate::fleet::Inner;
use crate::ledger::{Entry, Event};
use crate::resolve::is_unsettled;

impl Fleet {
    /// The same fleet, by which everything that is created is made for the machine of that intent: it is destroyed with the
    /// machine, or by the next sweep after that, unless it is [released](Self::release) first.
    #[must_use]
    pub fn made_for(&self, machine: IntentId) -> Self {
        Self { inner: Arc::clone(&self.inner), made_for: Some(machine) }
    }

    /// What was made for the machine of that intent and is not gone.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn belongings(&self, machine: IntentId) -> Result<Vec<Entry>> {
        self.inner.belongings(machine).await
    }

    /// Lets everything that was made for the machine of that intent stay when it goes. Answers with what that is.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn release(&self, machine: IntentId) -> Result<Vec<Entry>> {
        let mut released = Vec::new();
        for entry in self.inner.belongings(machine).await? {
            released.push(self.inner.ledger.apply(entry.intent.id, &Event::Released).await?);
        }
        Ok(released)
    }
}

impl Inner {
    async fn belongings(&self, machine: IntentId) -> Result<Vec<Entry>> {
        let mut entries = self.ledger.entries(self.provider.info().kind).await?;
        entries.retain(|entry| self.is_ours(entry) && entry.made_for == Some(machine) && !entry.state.is_tombstone());
        Ok(entries)
    }

    /// Destroys what was made for a machine that is gone. What does not go is in the ledger, and every later sweep tries again.
    pub(crate) async fn destroy_belongings(&self, machine: IntentId, deadline: Deadline) -> Result<()> {
        let mut left = Vec::new();
        for entry in self.belongings(machine).await? {
            let what = format!("{} `{}`", entry.intent.resource.as_str(), entry.intent.name);
            // What came of a request of unknown outcome a sweep finds out; it takes longer than anybody waits here.
            let Some(id) = entry.resource_id.as_deref().filter(|_| !is_unsettled(entry.state)) else {
                left.push(what);
                continue;
            };
            // A machine has no machine of its own, so that this ends.
            let destroyed = Box::pin(self.destroy_recorded(entry.intent.resource, id, deadline)).await;
            if let Err(error) = destroyed {
                tracing::warn!(id, %error, "what was made for a machine is not destroyed yet");
                left.push(what);
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        let what = format!("the machine is gone, and what was made for it is not: {}", left.join(", "));
        Err(Error::new(ErrorKind::NotDestroyed, what).with_hint("`machine gc` tries again"))
    }
}
