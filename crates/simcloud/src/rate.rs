//! Who asks too often.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many keys are remembered; beyond that those that were quiet are forgotten.
const KEYS: usize = 10_000;

/// So many requests in any window of that length, in real time, for each key.
#[derive(Debug)]
pub(crate) struct Window {
    limit: usize,
    length: Duration,
    seen: Mutex<BTreeMap<String, VecDeque<Instant>>>,
}

/// What a window says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Whether the request still fits.
    pub(crate) fits: bool,
    /// How many more do.
    pub(crate) left: usize,
    /// When there is more room.
    pub(crate) wait: Duration,
}

impl Window {
    /// `limit` requests in `length`.
    pub(crate) fn new(limit: usize, length: Duration) -> Self {
        Self { limit, length, seen: Mutex::default() }
    }

    /// A request of `key`, at `now`.
    pub(crate) fn ask(&self, key: &str, now: Instant) -> Room {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= KEYS {
            seen.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) < self.length));
        }
        let times = seen.entry(key.to_owned()).or_default();
        while times.front().is_some_and(|first| now.duration_since(*first) >= self.length) {
            times.pop_front();
        }
        let fits = times.len() < self.limit;
        if fits {
            times.push_back(now);
        }
        self.room(fits, times, now)
    }

    /// What `key` has left, without a request.
    pub(crate) fn look(&self, key: &str, now: Instant) -> Room {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let none = VecDeque::new();
        self.room(true, seen.get(key).unwrap_or(&none), now)
    }

    fn room(&self, fits: bool, times: &VecDeque<Instant>, now: Instant) -> Room {
        let wait = times.front().map_or(Duration::ZERO, |first| self.length.saturating_sub(now.duration_since(*first)));
        Room { fits, left: self.limit - times.len(), wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_full_until_its_oldest_request_leaves_it() {
        let window = Window::new(2, Duration::from_mins(1));
        let start = Instant::now();
        let ask = |second| window.ask("a", start + Duration::from_secs(second));
        assert_eq!((ask(0).left, ask(10).left), (1, 0));
        assert_eq!(ask(20), Room { fits: false, left: 0, wait: Duration::from_secs(40) });
        assert!(ask(61).fits);
        assert!(window.ask("b", start).fits, "another's requests are another's");
    }
}
