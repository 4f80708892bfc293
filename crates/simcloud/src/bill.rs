//! What it all costs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A thing that costs something, from its making to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    /// What it is: `machine`, `volume`, `address` or `snapshot`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// All that is written on it and could say whose it is.
    pub markers: Vec<String>,
    /// What it costs an hour, in dollars.
    pub hourly: f64,
    /// Since when it costs something.
    pub from: Timestamp,
    /// Until when; nothing while it still does.
    pub until: Option<Timestamp>,
}

/// What some things cost together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    /// How many still cost something.
    pub open: u64,
    /// Billable seconds.
    pub seconds: f64,
    /// Dollars.
    pub dollars: f64,
}

/// A bill as it is handed out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// When it was drawn up, on the cloud's clock.
    pub at: Timestamp,
    /// All together.
    pub total: Sum,
    /// By everything that is written on things. A thing with two markers stands under both.
    pub by_marker: BTreeMap<String, Sum>,
    /// One by one.
    pub charges: Vec<Charge>,
}

/// The running account of one cloud.
#[derive(Debug, Default)]
pub(crate) struct Bill(Mutex<BTreeMap<(String, String), Charge>>);

impl Bill {
    /// The bill of an earlier run.
    pub(crate) fn restore(charges: Vec<Charge>) -> Self {
        Self(Mutex::new(charges.into_iter().map(|charge| ((charge.kind.clone(), charge.id.clone()), charge)).collect()))
    }

    /// From now on this costs something.
    pub(crate) fn open(&self, charge: Charge) {
        let mut charges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        charges.insert((charge.kind.clone(), charge.id.clone()), charge);
    }

    /// From `at` on it costs nothing more.
    pub(crate) fn close(&self, kind: &str, id: &str, at: Timestamp) {
        self.change(kind, id, |charge| charge.until = charge.until.or(Some(at)));
    }

    /// Other things are written on it now.
    pub(crate) fn mark(&self, kind: &str, id: &str, markers: Vec<String>) {
        self.change(kind, id, |charge| charge.markers = markers);
    }

    /// It costs something else now. What it cost so far stays as it was.
    pub(crate) fn reprice(&self, kind: &str, id: &str, hourly: f64, at: Timestamp) {
        let mut charges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(charge) = charges.get_mut(&(kind.to_owned(), id.to_owned())) else { return };
        let before = Charge { until: Some(at), ..charge.clone() };
        charge.from = at;
        charge.hourly = hourly;
        charges.insert((kind.to_owned(), format!("{id} until {at}")), before);
    }

    /// The bill at `at`: of everything, or only of what has a marker in which `marker` occurs.
    pub(crate) fn statement(&self, at: Timestamp, marker: Option<&str>) -> Statement {
        let charges: Vec<Charge> = {
            let charges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let meant = |charge: &&Charge| marker.is_none_or(|part| charge.markers.iter().any(|m| m.contains(part)));
            charges.values().filter(meant).cloned().collect()
        };
        let mut statement = Statement { at, total: Sum::default(), by_marker: BTreeMap::new(), charges: Vec::new() };
        for charge in &charges {
            statement.total.add(charge, at);
            for marker in &charge.markers {
                statement.by_marker.entry(marker.clone()).or_default().add(charge, at);
            }
        }
        Statement { charges, ..statement }
    }

    fn change(&self, kind: &str, id: &str, change: impl FnOnce(&mut Charge)) {
        let mut charges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(charge) = charges.get_mut(&(kind.to_owned(), id.to_owned())) {
            change(charge);
        }
    }
}

impl Sum {
    fn add(&mut self, charge: &Charge, at: Timestamp) {
        let lasted = charge.until.unwrap_or(at).duration_since(charge.from).max(SignedDuration::ZERO).as_secs_f64();
        self.open += u64::from(charge.until.is_none());
        self.seconds += lasted;
        self.dollars += lasted / 3600.0 * charge.hourly;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn charge(id: &str, markers: &[&str]) -> Charge {
        let markers = markers.iter().map(|&marker| marker.to_owned()).collect();
        let (kind, name) = ("machine".to_owned(), "web".to_owned());
        Charge { kind, id: id.to_owned(), name, markers, hourly: 3.6, from: at(0), until: None }
    }

    #[test]
    fn a_thing_costs_until_it_is_destroyed_and_then_no_more() {
        let bill = Bill::default();
        bill.open(charge("1", &["owner:a"]));
        bill.open(charge("2", &["owner:b"]));
        bill.close("machine", "1", at(100));
        bill.close("machine", "1", at(200));
        let statement = bill.statement(at(1000), None);
        let ended = statement.by_marker["owner:a"];
        assert_eq!((ended.open, ended.seconds), (0, 100.0));
        assert!((ended.dollars - 0.1).abs() < 1e-9);
        assert_eq!(statement.by_marker["owner:b"].open, 1);
        assert_eq!(bill.statement(at(1000), Some("owner:b")).total.open, 1);
    }

    #[test]
    fn another_price_leaves_what_was_as_it_was() {
        let bill = Bill::default();
        bill.open(charge("1", &[]));
        bill.reprice("machine", "1", 7.2, at(1000));
        let total = bill.statement(at(2000), None).total;
        assert_eq!((total.open, total.seconds), (1, 2000.0));
        assert!((total.dollars - 3.0).abs() < 1e-9);
    }
}
