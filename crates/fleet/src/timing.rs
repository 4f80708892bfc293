//! How long to wait for what.

use std::time::Duration;

use jiff::Timestamp;
use machine_core::{Capabilities, Deadline};

/// The pause after the first failed attempt.
const FIRST: Duration = Duration::from_millis(20);
/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(5);

/// When "it is not there" may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settle {
    /// How far two lists must lie apart that agree on it.
    pub(crate) apart: Duration,
    /// How long after the wish was minted its request may still take effect. The second list must be later than that.
    pub(crate) horizon: Duration,
}

impl Settle {
    /// Where lists never lag there is no distance between asking and having: a request cannot outlive the client that sent it.
    pub(crate) fn of(capabilities: &Capabilities, create_within: Duration) -> Self {
        let apart = capabilities.list_lag;
        Self { apart, horizon: if apart.is_zero() { Duration::ZERO } else { create_within.saturating_add(apart) } }
    }

    /// The same in a world whose time goes `speed` times as fast, as that of a simulated cloud may.
    pub(crate) fn hastened(self, speed: u32) -> Self {
        let speed = speed.max(1);
        Self { apart: self.apart / speed, horizon: self.horizon / speed }
    }

    /// Whether the absence seen first at `first`, and again at `second`, proves that the wish minted at `minted` made nothing.
    pub(crate) fn proves(self, minted: Timestamp, first: Timestamp, second: Timestamp) -> bool {
        later(first, self.apart) <= second && later(minted, self.horizon) <= second
    }

    /// The earliest moment at which [`proves`](Self::proves) can hold.
    pub(crate) fn earliest(self, minted: Timestamp, first: Timestamp) -> Timestamp {
        later(first, self.apart).max(later(minted, self.horizon))
    }
}

/// `span` after `at`, or the end of time.
pub(crate) fn later(at: Timestamp, span: Duration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// Pauses that grow from one attempt to the next, with chance in them so that many clients do not knock at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    /// Waits, at least as long as the other side asked for. False when `deadline` comes first; then it has passed.
    pub(crate) async fn pause(&mut self, deadline: Deadline, asked: Option<Duration>) -> bool {
        let pause = jitter(self.next).max(asked.unwrap_or_default());
        self.next = (self.next * 2).min(LONGEST);
        let left = deadline.remaining();
        tokio::time::sleep(pause.min(left)).await;
        pause < left
    }
}

/// Between half of `span` and all of it.
fn jitter(span: Duration) -> Duration {
    let mut random = [0; 1];
    // Without random numbers the pause is merely less random.
    let _ = getrandom::fill(&mut random);
    span / 2 + span / 2 * u32::from(random[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn absence_is_believed_late_enough_and_not_before() {
        let settle = Settle { apart: Duration::from_secs(10), horizon: Duration::from_secs(100) };
        assert!(!settle.proves(at(0), at(95), at(104)), "too close together");
        assert!(!settle.proves(at(0), at(1), at(99)), "the request may still take effect");
        assert!(settle.proves(at(0), at(1), at(100)));
        assert!(settle.proves(at(0), at(95), at(105)));
        assert!(!settle.proves(at(0), at(95), at(90)), "a clock that was set back");
        assert_eq!(settle.earliest(at(0), at(1)), at(100));
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for step in 0..12 {
            let span = (FIRST * 2u32.pow(step)).min(LONGEST);
            let pause = jitter(span);
            assert!(span / 2 <= pause && pause <= span, "{pause:?} of {span:?}");
        }
    }
}
