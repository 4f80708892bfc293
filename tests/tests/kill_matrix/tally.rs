//! What came of it all.

use std::fmt;

use crate::plan::Lane;

/// What came of one lane.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How many schedules ran.
    pub(crate) schedules: usize,
    /// Things that cost something and nobody looks after, one sentence each.
    pub(crate) leaked: Vec<String>,
    /// Things that were destroyed or touched and were not to be.
    pub(crate) wronged: Vec<String>,
    /// What else is not as it was promised.
    pub(crate) broken: Vec<String>,
}

/// What came of all.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    schedules: usize,
    leaked: usize,
    wronged: usize,
    broken: usize,
    told: Vec<String>,
    lanes: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, lane: &Lane, done: Done) {
        self.schedules += done.schedules;
        self.leaked += done.leaked.len();
        self.wronged += done.wronged.len();
        self.broken += done.broken.len();
        self.lanes.push(format!("{lane}: {} schedules", done.schedules));
        if crate::plan::Extent::asked_for().is_some() {
            println!("{lane}: {} schedules", done.schedules);
        }
        for (what, sentences) in [("leaked", done.leaked), ("wronged", done.wronged), ("broken", done.broken)] {
            for sentence in sentences {
                let line = format!("{what}: {lane}: {sentence}");
                if crate::plan::Extent::asked_for().is_some() {
                    println!("{line}");
                }
                self.told.push(line);
            }
        }
    }

    /// Whether everything is as promised, and there was something to promise: a lane without schedules proves nothing.
    pub(crate) fn is_good(&self) -> bool {
        self.told.is_empty() && self.schedules > self.lanes.len()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.told {
            writeln!(f, "{line}")?;
        }
        write!(f, "{} schedules, {} leaked, {} wrongly destroyed", self.schedules, self.leaked, self.wronged)?;
        if self.broken > 0 { write!(f, ", {} other promises broken", self.broken) } else { Ok(()) }
    }
}
