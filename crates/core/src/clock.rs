//! Where the time of day comes from, so that a program can be shown another one.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// A source of the time of day. Deadlines of operations do not use it: they run on the monotonic
/// [`Deadline`](crate::Deadline).
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

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
        Self(Arc::new(now))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.0)()
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
