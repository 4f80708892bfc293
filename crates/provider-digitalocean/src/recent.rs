//! What this client made only just now: the cloud may not know of it yet, and that is not the same as gone.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use machine_core::Machine;

/// How many are remembered.
const REMEMBERED: usize = 256;

/// A machine that was made only just now.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// The action that makes it, where the cloud told.
    pub(crate) action: Option<u64>,
    /// The machine as the answer had it.
    pub(crate) machine: Machine,
    id: u64,
    at: Instant,
    seen: bool,
}

impl Made {
    /// Whether the cloud has shown it since. From then on an answer that there is none is to be believed.
    pub(crate) fn was_seen(&self) -> bool {
        self.seen
    }
}

/// The machines that were made only just now, by their numbers.
#[derive(Debug)]
pub(crate) struct Recent {
    window: Duration,
    made: Mutex<VecDeque<Made>>,
}

impl Recent {
    /// Remembers each for `window`.
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, made: Mutex::default() }
    }

    pub(crate) fn remember(&self, id: u64, action: Option<u64>, machine: Machine) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|it| it.at.elapsed() < self.window && it.id != id);
        if made.len() >= REMEMBERED {
            made.pop_front();
        }
        made.push_back(Made { action, machine, id, at: Instant::now(), seen: false });
    }

    pub(crate) fn find(&self, id: u64) -> Option<Made> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().find(|it| it.id == id && it.at.elapsed() < self.window).cloned()
    }

    /// The cloud shows it.
    pub(crate) fn seen(&self, id: u64) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter_mut().filter(|it| it.id == id).for_each(|it| it.seen = true);
    }

    /// It is going, or gone.
    pub(crate) fn forget(&self, id: u64) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).retain(|it| it.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(id: u64) -> Machine {
        Machine::new(id.to_string(), "web", "digitalocean", "new")
    }

    #[test]
    fn it_remembers_for_a_while_and_not_too_many() {
        let recent = Recent::new(Duration::from_mins(1));
        for id in 1..=1_000 {
            recent.remember(id, Some(id), machine(id));
        }
        assert!(recent.find(1).is_none() && recent.find(1_000 - REMEMBERED as u64).is_none());
        assert!(recent.find(1_000).is_some_and(|made| !made.was_seen() && made.action == Some(1_000)));
        recent.seen(1_000);
        assert!(recent.find(1_000).is_some_and(|made| made.was_seen()));
        recent.forget(1_000);
        assert!(recent.find(1_000).is_none());
        let short = Recent::new(Duration::ZERO);
        short.remember(1, None, machine(1));
        assert!(short.find(1).is_none());
    }
}
