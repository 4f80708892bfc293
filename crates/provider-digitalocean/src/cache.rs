//! Answers that hold for a while, so that many machines are made with one look at what is on offer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use machine_core::Result;
use tokio::sync::Mutex;

/// How long an answer holds.
const HOLDS: Duration = Duration::from_mins(1);

/// An answer that holds for a minute.
#[derive(Debug)]
pub(crate) struct Cached<T>(Mutex<Option<(Instant, Arc<T>)>>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Cached<T> {
    /// The answer, asked for where it is not known or too old. Whoever comes meanwhile waits for the same answer.
    pub(crate) async fn get(&self, ask: impl Future<Output = Result<T>>) -> Result<Arc<T>> {
        let mut slot = self.0.lock().await;
        if let Some((asked, answer)) = slot.as_ref().filter(|(asked, _)| asked.elapsed() < HOLDS) {
            tracing::trace!(age = ?asked.elapsed(), "an answer that still holds");
            return Ok(Arc::clone(answer));
        }
        let asked = Instant::now();
        let answer = Arc::new(ask.await?);
        *slot = Some((asked, Arc::clone(&answer)));
        Ok(answer)
    }

    /// Forgets the answer: what it speaks of has changed.
    pub(crate) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}
