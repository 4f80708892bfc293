//! How late a cloud is with what it promises.

use jiff::SignedDuration;

/// The delays of a cloud's answers, on its own clock. What a machine needs to start and stop is not among them: that is its
/// life, see `life.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quirks {
    /// How long a thing that was just created answers 404 when it is asked for by its id.
    pub hidden: SignedDuration,
    /// How long a thing that was just created is missing from lists.
    pub list_lag: SignedDuration,
    /// How long the tags of a new machine take to be applied.
    pub late_tags: SignedDuration,
    /// How long a machine that was destroyed is still shown.
    pub lingering: SignedDuration,
}

impl Default for Quirks {
    /// What has been seen of the real ones on an ordinary day.
    fn default() -> Self {
        Self {
            hidden: SignedDuration::from_secs(1),
            list_lag: SignedDuration::from_secs(2),
            late_tags: SignedDuration::from_secs(3),
            lingering: SignedDuration::from_secs(2),
        }
    }
}

impl Quirks {
    /// A cloud that shows at once whatever is true.
    pub fn none() -> Self {
        let none = SignedDuration::ZERO;
        Self { hidden: none, list_lag: none, late_tags: none, lingering: none }
    }

    /// With `hidden` in place of the time that new things answer 404.
    #[must_use]
    pub fn hidden(mut self, hidden: SignedDuration) -> Self {
        self.hidden = hidden;
        self
    }

    /// With `lag` in place of the time that new things are missing from lists.
    #[must_use]
    pub fn list_lag(mut self, lag: SignedDuration) -> Self {
        self.list_lag = lag;
        self
    }

    /// With `late` in place of the time that tags take.
    #[must_use]
    pub fn late_tags(mut self, late: SignedDuration) -> Self {
        self.late_tags = late;
        self
    }

    /// With `lingering` in place of the time that destroyed machines are still shown.
    #[must_use]
    pub fn lingering(mut self, lingering: SignedDuration) -> Self {
        self.lingering = lingering;
        self
    }
}
