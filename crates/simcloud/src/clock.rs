//! The clock that everything simulated goes by.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A clock that starts at some moment, runs at some speed, and can be put forward. It never goes back.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Timestamp,
    started: Instant,
    speed: f64,
    advanced: Mutex<SignedDuration>,
}

impl Clock {
    /// A clock that shows `origin` now and then runs `speed` times as fast as the world's.
    pub(crate) fn new(origin: Timestamp, speed: f64) -> Self {
        Self { origin, started: Instant::now(), speed, advanced: Mutex::new(SignedDuration::ZERO) }
    }

    /// What it shows.
    pub(crate) fn now(&self) -> Timestamp {
        let run = SignedDuration::try_from_secs_f64(self.started.elapsed().as_secs_f64() * self.speed);
        let advanced = *self.advanced.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = run.unwrap_or(SignedDuration::MAX).saturating_add(advanced);
        self.origin.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// Puts it forward.
    pub(crate) fn advance(&self, by: SignedDuration) {
        let mut advanced = self.advanced.lock().unwrap_or_else(PoisonError::into_inner);
        *advanced = advanced.saturating_add(by.max(SignedDuration::ZERO));
    }
}

/// `at` and then that long.
pub(crate) fn after(at: Timestamp, lasting: SignedDuration) -> Timestamp {
    at.checked_add(lasting).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_put_forward_and_never_back() {
        let clock = Clock::new(Timestamp::UNIX_EPOCH, 0.0);
        clock.advance(SignedDuration::from_secs(90));
        clock.advance(SignedDuration::from_secs(-90));
        assert_eq!(clock.now().as_second(), 90);
    }
}
