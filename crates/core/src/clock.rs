//! Where the time of day comes from, so that a program can be shown another one.

use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};

/// A source of the time of day. Deadlines of operations do not use it: they run on the monotonic
/// [`Deadline`](crate::Deadline).
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ahead: Arc<OnceLock<SignedDuration>>,
}

impl Clock {
    /// The computer's own.
    pub fn system() -> Self {
        Self::from_fn(Timestamp::now)
    }

    /// One that stands still.
    pub fn fixed(at: Timestamp) -> Self {
        Self::from_fn(move || at)
    }

    /// One that says what `now` says.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), ahead: Arc::default() }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Notes what time it is elsewhere, as somebody who has a good clock just said. The first word counts, for all clones.
    pub fn compare(&self, elsewhere: Timestamp) {
        self.ahead.get_or_init(|| self.now().duration_since(elsewhere));
    }

    /// How far this clock is ahead of others, as far as somebody has said what time it is. The word came over a network, and may
    /// have been told in whole seconds.
    pub fn ahead(&self) -> Option<SignedDuration> {
        self.ahead.get().copied()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_knows_how_far_it_is_ahead_once_somebody_has_said() {
        let at = Timestamp::UNIX_EPOCH;
        let clock = Clock::fixed(at + SignedDuration::from_secs(90));
        assert_eq!(clock.clone().ahead(), None);
        clock.clone().compare(at);
        clock.compare(at + SignedDuration::from_secs(60));
        assert_eq!(clock.ahead(), Some(SignedDuration::from_secs(90)));
    }
}
