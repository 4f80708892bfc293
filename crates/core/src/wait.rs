//! Waiting: for what, and until when.

use std::time::{Duration, Instant};

use crate::{Machine, MachineState};

/// A point on the monotonic clock: unlike a wall-clock time, nobody can move it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// `span` from now.
    pub fn after(span: Duration) -> Self {
        // A span too long for the clock is as good as a year.
        let now = Instant::now();
        Self(now.checked_add(span).unwrap_or_else(|| now + Duration::from_hours(24 * 365)))
    }

    /// What is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// The instant itself.
    pub fn instant(self) -> Instant {
        self.0
    }
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Goal {
    /// The machine runs.
    Running,
    /// The machine has come to rest: stopped, suspended, failed or gone.
    Ended,
    /// The machine is gone.
    Destroyed,
}

impl Goal {
    /// Whether `machine` is there.
    pub fn reached(self, machine: &Machine) -> bool {
        use MachineState as S;
        match self {
            Self::Running => machine.state == S::Running,
            Self::Ended => matches!(machine.state, S::Stopped | S::Suspended | S::Failed | S::Destroyed),
            Self::Destroyed => machine.state == S::Destroyed,
        }
    }

    /// Whether `machine` can no longer get there by itself, so that waiting on would be a waste.
    pub fn unreachable(self, machine: &Machine) -> bool {
        use MachineState as S;
        match self {
            Self::Running => matches!(machine.state, S::Stopped | S::Failed | S::Destroying | S::Destroyed),
            Self::Ended | Self::Destroyed => false,
        }
    }
}

/// What is waited for, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// What is waited for.
    pub goal: Goal,
    /// When waiting ends without it.
    pub deadline: Deadline,
}
