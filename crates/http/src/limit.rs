//! Rates that a cloud allows, kept on our side, so that it need not refuse.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How many keys may be remembered before those that no longer matter are forgotten.
const REMEMBERED: usize = 1_024;

/// A rate: so many at once, and then one in every `interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
    burst: u32,
}

impl Rate {
    /// `count` in each `per`, of which `burst` may come at once.
    pub fn new(count: u32, per: Duration, burst: u32) -> Self {
        Self { interval: per / count.max(1), burst: burst.max(1) }
    }
}

/// Buckets by key, each of which empties at its rate (the generic cell rate algorithm: one instant for each bucket).
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    /// When each bucket would be empty if nothing came any more.
    buckets: Mutex<HashMap<String, Instant>>,
    /// Nothing is sent before this; the cloud said so.
    paused_until: Mutex<Option<Instant>>,
}

impl Limiter {
    /// Takes a place in the bucket `key`, and waits until it is that place's turn.
    pub(crate) async fn wait(&self, key: &str, rate: Rate) {
        let until = self.take(key, rate, Instant::now());
        tokio::time::sleep_until(until).await;
    }

    /// Waits until the cloud takes requests again.
    pub(crate) async fn wait_for_pause(&self) {
        let until = *self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Sends nothing for so long.
    pub(crate) fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = Some(paused.map_or(until, |before| before.max(until)));
    }

    fn take(&self, key: &str, rate: Rate, now: Instant) -> Instant {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, empty| *empty > now);
        }
        let empty = buckets.get(key).copied().unwrap_or(now).max(now);
        buckets.insert(key.to_owned(), empty + rate.interval);
        let ahead = rate.interval * (rate.burst - 1);
        empty.checked_sub(ahead).map_or(now, |turn| turn.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_at_once_and_then_one_in_every_interval() {
        let (limiter, rate) = (Limiter::default(), Rate::new(1, Duration::from_secs(1), 3));
        let began = Instant::now();
        let mut waited = Vec::new();
        for _ in 0..6 {
            limiter.wait("stop m-1", rate).await;
            waited.push(began.elapsed().as_millis());
        }
        assert_eq!(waited, [0, 0, 0, 1_000, 2_000, 3_000]);
        limiter.wait("stop m-2", rate).await;
        assert_eq!(began.elapsed().as_millis(), 3_000, "another machine has a bucket of its own");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everything_up() {
        let limiter = Limiter::default();
        limiter.pause(Duration::from_secs(5));
        limiter.pause(Duration::from_secs(2));
        let began = Instant::now();
        limiter.wait_for_pause().await;
        assert_eq!(began.elapsed().as_millis(), 5_000);
    }

    #[test]
    fn buckets_that_no_longer_matter_are_forgotten() {
        let (limiter, rate) = (Limiter::default(), Rate::new(1, Duration::from_secs(1), 1));
        let now = Instant::now();
        for number in 0..REMEMBERED * 3 {
            limiter.take(&number.to_string(), rate, now + Duration::from_secs(number as u64 * 2));
        }
        assert!(limiter.buckets.lock().unwrap().len() <= REMEMBERED);
    }
}
