//! What came of each case.

use std::collections::BTreeMap;
use std::fmt;

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It ran, and the promise was kept.
    Kept,
    /// It ran, and the promise was broken, in this way.
    Broken(String),
    /// It was skipped: the provider cannot do it, by this capability.
    Lacks(String),
    /// It was skipped: the surroundings did not let it run, for this reason.
    Missing(String),
}

/// What came of all cases, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report(pub BTreeMap<&'static str, Verdict>);

impl Report {
    /// The cases that found a promise broken, and how it was.
    pub fn broken(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().filter_map(|(name, verdict)| match verdict {
            Verdict::Broken(how) => Some((*name, how.as_str())),
            _ => None,
        })
    }
}

impl fmt::Display for Report {
    /// As in a snapshot: a line for each case. What was broken ran.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, verdict)| match verdict {
            Verdict::Kept | Verdict::Broken(_) => writeln!(f, "ran {name}"),
            Verdict::Lacks(why) => writeln!(f, "skipped {name}: {why}"),
            Verdict::Missing(why) => writeln!(f, "missing {name}: {why}"),
        })
    }
}
