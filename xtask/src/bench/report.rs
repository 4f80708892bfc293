//! Figures against their limits, as rows of a table.

use super::Series;
use crate::Outcome;

/// Rows of a table, and which of them are over their limit.
#[derive(Default)]
pub(super) struct Report {
    missed: Vec<String>,
}

impl Report {
    /// A row with a limit that the figure may not be over.
    pub(super) fn at_most(&mut self, what: &str, shown: &str, value: f64, limit: f64, unit: &str) {
        self.row(what, shown, &format!("at most {limit} {unit}"), value <= limit);
    }

    /// A row of which is known whether its limit is met.
    pub(super) fn row(&mut self, what: &str, shown: &str, limit: &str, met: bool) {
        println!("| {what} | {shown} | {limit} | {} |", if met { "met" } else { "MISSED" });
        if !met {
            self.missed.push(what.to_owned());
        }
    }

    /// A row of times in milliseconds.
    pub(super) fn times(&mut self, what: &str, series: &Series, limit: f64) {
        let shown = format!("{:.2} ms ({:.2})", series.median(), series.p95());
        self.at_most(what, &shown, series.median(), limit, "ms");
    }

    /// Which limits were missed.
    pub(super) fn end(self) -> Outcome {
        if self.missed.is_empty() { Ok(()) } else { Err(format!("over the limit: {}", self.missed.join(", "))) }
    }
}
