//! How long things may take, and how often is looked.

use std::time::Duration;

use machine_core::{Deadline, Result};

/// How long things may take at DigitalOcean, and how often is looked whether they are done. Whoever plays the cloud makes it
/// quicker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The longest pause between two looks; the first come sooner.
    pub look: Duration,
    /// How long to wait for what somebody else is doing to a machine or a volume.
    pub busy: Duration,
    /// How long an action may take.
    pub action: Duration,
    /// How long a snapshot may take.
    pub snapshot: Duration,
    /// How long a machine that was only just made may be unknown to the cloud.
    pub unseen: Duration,
    /// How long a machine that was only just made may be missing from lists: its tags come after it.
    pub list_lag: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(4),
            busy: Duration::from_secs(75),
            action: Duration::from_mins(5),
            snapshot: Duration::from_mins(30),
            unseen: Duration::from_mins(2),
            list_lag: Duration::from_secs(10),
        }
    }
}

impl Pace {
    /// A pause of about [`look`](Self::look), so that many who wait do not look at the same moment.
    pub(crate) fn jittered(&self) -> Duration {
        let random = getrandom::u32().unwrap_or(u32::MAX / 2);
        self.look.mul_f64(0.75 + f64::from(random) / f64::from(u32::MAX) / 2.0)
    }

    /// Looks until there is something to see, soon at first; nothing once `limit` has passed.
    ///
    /// # Errors
    /// Those of `look` that will not pass.
    pub(crate) async fn until<T, F: Future<Output = Result<Option<T>>> + Send>(
        &self,
        limit: Duration,
        look: impl Fn() -> F + Send,
    ) -> Result<Option<T>> {
        let (deadline, longest) = (Deadline::after(limit), self.jittered());
        let mut pause = longest / 16;
        loop {
            match look().await {
                Ok(Some(seen)) => return Ok(Some(seen)),
                Ok(None) if deadline.passed() => return Ok(None),
                Err(error) if error.retry() == machine_core::Retry::Never || deadline.passed() => return Err(error),
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a look failed; looking again"),
            }
            tokio::time::sleep(pause.min(deadline.remaining())).await;
            pause = (pause * 2).min(longest);
        }
    }
}
