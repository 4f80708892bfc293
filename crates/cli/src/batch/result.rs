//! What came of the jobs of a batch.

use std::fmt;

use machine_agent::{BatchResult, Outcome};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::jobs::Facts;

/// What came of one job, as it is printed and kept: a line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ItemResult {
    /// Its place in the batch, from 0.
    pub(crate) index: usize,
    /// What it is called in the batch.
    pub(crate) name: String,
    /// Whatever the caller knows it by.
    pub(crate) tag: Option<String>,
    /// `succeeded`, `failed`, `timed-out`, `cancelled` or `unknown`; `error` where it could not be run as was asked, and
    /// `not-begun`.
    pub(crate) outcome: String,
    /// What `machine run` would have exited with; nothing where it was not begun.
    pub(crate) exit_code: Option<u8>,
    /// Why, where the outcome does not say it all.
    pub(crate) why: Option<String>,
    /// The job's id, by which `machine jobs` knows it.
    pub(crate) job: Option<String>,
    /// The kind of provider that had its machine.
    pub(crate) provider: Option<String>,
    /// Its machine's id.
    pub(crate) machine: Option<String>,
    /// How long it took from the beginning to its machine's end, in seconds.
    pub(crate) seconds: Option<f64>,
}

impl ItemResult {
    /// Of a job with whatever is kept of it.
    pub(crate) fn new(
        index: usize,
        name: &str,
        tag: Option<&str>,
        result: &BatchResult,
        facts: Option<&Facts>,
    ) -> Self {
        let own = Self {
            index,
            name: name.to_owned(),
            tag: tag.map(str::to_owned),
            outcome: String::new(),
            exit_code: None,
            why: None,
            job: facts.map(|facts| facts.id.clone()),
            provider: facts.and_then(|facts| facts.provider.clone()),
            machine: facts.and_then(|facts| facts.machine.clone()),
            seconds: None,
        };
        let (outcome, exit_code, why) = match result {
            BatchResult::NotBegun => ("not-begun", None, Some("another had failed before".to_owned())),
            // What could not be had of a job that has failed says less than that it has.
            BatchResult::Failed(error) => match facts.and_then(|facts| facts.ended.as_ref()) {
                Some(ended) if ended.outcome != "succeeded" && ended.outcome != "unknown" => {
                    let why = ended.why.as_ref().map_or_else(|| error.to_string(), |why| format!("{why}; {error}"));
                    return Self {
                        outcome: ended.outcome.clone(),
                        exit_code: Some(ended.exit_code),
                        why: Some(why),
                        ..own
                    };
                }
                _ => ("error", Some(Failure::error_code(error)), Some(error.to_string())),
            },
            BatchResult::Ended(finished) => {
                let outcome = &finished.outcome;
                let why = (!matches!(outcome, Outcome::Succeeded)).then(|| outcome.to_string());
                (outcome.as_str(), Some(outcome.exit_code()), why)
            }
        };
        Self { outcome: outcome.to_owned(), exit_code, why, ..own }
    }

    /// Whether the job is over, however that was, and need not be run again.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.outcome.as_str(), "succeeded" | "failed" | "timed-out")
    }
}

/// How many jobs came to what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(Vec<(String, usize)>);

impl Counts {
    /// Of these results.
    pub(crate) fn of<'a>(results: impl IntoIterator<Item = &'a ItemResult>) -> Self {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for result in results {
            match counts.iter_mut().find(|(outcome, _)| *outcome == result.outcome) {
                Some((_, count)) => *count += 1,
                None => counts.push((result.outcome.clone(), 1)),
            }
        }
        counts.sort();
        Self(counts)
    }

    /// How many there are in all.
    pub(crate) fn total(&self) -> usize {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// How many have succeeded.
    pub(crate) fn succeeded(&self) -> usize {
        self.0.iter().filter(|(outcome, _)| outcome == "succeeded").map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Counts {
    /// `3 jobs: 2 succeeded, 1 failed`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        write!(f, "{total} {}", if total == 1 { "job" } else { "jobs" })?;
        // What one hopes for first.
        let (good, bad): (Vec<_>, Vec<_>) = self.0.iter().partition(|(outcome, _)| outcome == "succeeded");
        for (index, (outcome, count)) in good.into_iter().chain(bad).enumerate() {
            let before = if index == 0 { ": " } else { ", " };
            let word = if outcome == "error" { "in error" } else { &outcome.replace('-', " ") };
            write!(f, "{before}{count} {word}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(outcome: &str) -> ItemResult {
        let result = ItemResult::new(0, "1", None, &BatchResult::NotBegun, None);
        ItemResult { outcome: outcome.to_owned(), ..result }
    }

    #[test]
    fn counts_say_what_came_of_all() {
        let counts = Counts::of(&["failed", "succeeded", "timed-out", "succeeded"].map(result));
        assert_eq!(counts.to_string(), "4 jobs: 2 succeeded, 1 failed, 1 timed out");
        assert_eq!((counts.total(), counts.succeeded()), (4, 2));
        assert_eq!(Counts::of(&[result("error")]).to_string(), "1 job: 1 in error");
        let done =
            ["succeeded", "failed", "timed-out", "unknown", "error", "not-begun"].map(|word| result(word).is_done());
        assert_eq!(done, [true, true, true, false, false, false]);
    }
}
