//! Answers that are held back, so that somebody can act between an effect and its answer.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

/// Where answers wait.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    held: AtomicUsize,
    /// How many times it was opened.
    opened: watch::Sender<u64>,
}

/// An answer that waits; it does no longer when its client has gone and it is dropped.
#[derive(Debug)]
struct Held<'a>(&'a AtomicUsize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Gate {
    /// Waits until somebody opens it.
    pub(crate) async fn wait(&self) {
        let mut opened = self.opened.subscribe();
        self.held.fetch_add(1, Ordering::AcqRel);
        let _held = Held(&self.held);
        // The other end is ours too, so that it cannot be gone.
        let _ = opened.changed().await;
    }

    /// Lets all go that wait now.
    pub(crate) fn open(&self) {
        self.opened.send_modify(|times| *times += 1);
    }

    /// How many wait.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn what_waits_goes_when_it_is_opened_and_is_not_counted_once_its_client_has_left() {
        let gate = Arc::new(Gate::default());
        let mut waiting = Box::pin(gate.wait());
        assert!(futures::poll!(&mut waiting).is_pending());
        let mut left = Box::pin(gate.wait());
        assert!(futures::poll!(&mut left).is_pending());
        assert_eq!(gate.held(), 2);
        drop(left);
        assert_eq!(gate.held(), 1);
        gate.open();
        waiting.await;
        assert_eq!(gate.held(), 0);
    }
}
