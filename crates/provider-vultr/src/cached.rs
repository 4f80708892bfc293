//! What is asked for once and kept for a while.

use std::sync::Arc;
use std::time::Duration;

use machine_core::Result;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// What is asked for once and kept for a while. Whoever comes while it is being asked for waits for that answer.
#[derive(Debug)]
pub(crate) struct Cached<T> {
    kept: Mutex<Option<(Instant, Arc<T>)>>,
    /// For how long; for ever where nothing is said.
    keep: Option<Duration>,
}

impl<T> Cached<T> {
    pub(crate) fn new(keep: Option<Duration>) -> Self {
        Self { kept: Mutex::new(None), keep }
    }

    /// What is kept, or else what `ask` says, which is kept from then on. A failure is not.
    pub(crate) async fn get(&self, ask: impl Future<Output = Result<T>>) -> Result<Arc<T>> {
        let mut kept = self.kept.lock().await;
        let fresh = kept.as_ref().filter(|(since, _)| self.keep.is_none_or(|keep| since.elapsed() < keep));
        if let Some((_, value)) = fresh {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(ask.await?);
        *kept = Some((Instant::now(), Arc::clone(&value)));
        Ok(value)
    }

    /// Keeps what was asked for anyway.
    pub(crate) async fn keep(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.kept.lock().await = Some((Instant::now(), Arc::clone(&value)));
        value
    }

    /// Forgets it: what it speaks of has changed.
    pub(crate) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use machine_core::{Error, ErrorKind};

    use super::*;

    #[tokio::test]
    async fn a_failure_is_not_kept_and_an_answer_is() {
        let cached = Cached::new(None);
        assert!(cached.get(async { Err(Error::new(ErrorKind::Network, "no")) }).await.is_err());
        assert_eq!(*cached.get(async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*cached.get(async { Ok(2) }).await.unwrap(), 1);
        let stale = Cached::new(Some(Duration::ZERO));
        assert_eq!(*stale.get(async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*stale.get(async { Ok(2) }).await.unwrap(), 2);
    }
}
