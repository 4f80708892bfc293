//! What goes wrong, when it was asked for.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// How many faults may wait at once.
const LIMIT: usize = 10_000;

/// One fault of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The operation that it happens to (`create_droplet`), `*` for any, or `change` for any that is not merely a look.
    pub operation: String,
    /// Whether the operation has taken effect by then.
    #[serde(default)]
    pub when: When,
    /// What happens.
    pub what: What,
    /// How many times.
    #[serde(default = "once")]
    pub times: u32,
    /// How many requests pass unharmed before the first.
    #[serde(default)]
    pub skip: u32,
}

/// When a fault happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// In place of the operation: nothing was done.
    Before,
    /// After it: all was done, and the answer is lost or another.
    #[default]
    After,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The connection is reset without an answer.
    Reset,
    /// The answer takes this much longer, in real time.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// The answer is held back until the plan is forgotten, or its client has gone.
    Hold,
    /// The answer stops in the middle of its body and the connection with it.
    Cut,
    /// Another answer.
    Status {
        /// Its status.
        code: u16,
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Its body: text as it stands, anything else as JSON.
        #[serde(default)]
        body: serde_json::Value,
    },
    /// 200, and a page for people in place of JSON.
    Garbage,
    /// 200, and the first half of the JSON as though it were all.
    Truncated,
    /// A list as it was a while ago.
    StaleList {
        /// How long ago, in milliseconds of the cloud's clock.
        #[serde(default = "minute")]
        ms: u64,
    },
    /// A list without anything in it.
    EmptyList,
    /// What is created shows in lists only later.
    Late {
        /// How much later, in milliseconds of the cloud's clock.
        ms: u64,
    },
}

impl What {
    /// Whether it changes what the operation itself says, and not only how that arrives.
    pub(crate) fn is_veil(&self) -> bool {
        matches!(self, Self::StaleList { .. } | Self::EmptyList | Self::Late { .. })
    }
}

/// The faults that have not happened.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds faults to the plan. `false` if there are too many.
    pub(crate) fn plan(&self, faults: &[Fault]) -> bool {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = planned.len() + faults.len() <= LIMIT;
        if fits {
            planned.extend_from_slice(faults);
        }
        fits
    }

    /// What is still to come.
    pub(crate) fn planned(&self) -> Vec<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the plan.
    pub(crate) fn calm(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What happens to this request, which `changes` something or looks: the first fault that fits and has let enough requests
    /// pass.
    pub(crate) fn take(&self, operation: &str, changes: bool) -> Option<(When, What)> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = None;
        for (index, fault) in planned.iter_mut().enumerate() {
            let fits = match fault.operation.as_str() {
                "*" => true,
                "change" => changes,
                named => named == operation,
            };
            if !fits {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if struck.is_none() && fault.times > 0 {
                fault.times -= 1;
                struck = Some((index, fault.when, fault.what.clone()));
            }
        }
        let (index, when, what) = struck?;
        if planned[index].times == 0 {
            planned.remove(index);
        }
        Some((when, what))
    }
}

fn once() -> u32 {
    1
}

fn minute() -> u64 {
    60_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_lets_pass_what_it_skips_and_happens_so_often_and_no_more() {
        let faults = Faults::default();
        let text = r#"{"operation": "list_droplets", "what": {"status": {"code": 503}}, "times": 2, "skip": 1}"#;
        assert!(faults.plan(&[serde_json::from_str(text).unwrap()]));
        let struck: Vec<_> = (0..4).map(|_| faults.take("list_droplets", false).is_some()).collect();
        assert_eq!(struck, [false, true, true, false]);
        assert_eq!(faults.planned(), []);
    }

    #[test]
    fn an_operation_has_only_its_own_faults() {
        let faults = Faults::default();
        let text = r#"{"operation": "create_droplet", "when": "before", "what": "reset"}"#;
        assert!(faults.plan(&[serde_json::from_str(text).unwrap()]));
        assert_eq!(faults.take("list_droplets", false), None);
        assert_eq!(faults.take("create_droplet", true), Some((When::Before, What::Reset)));
    }

    #[test]
    fn a_fault_of_changes_leaves_looks_alone() {
        let faults = Faults::default();
        let text = r#"{"operation": "change", "what": "hold", "skip": 1}"#;
        assert!(faults.plan(&[serde_json::from_str(text).unwrap()]));
        assert_eq!(faults.take("create_droplet", true), None);
        assert_eq!(faults.take("list_droplets", false), None);
        assert_eq!(faults.take("delete_droplet", true), Some((When::After, What::Hold)));
    }
}
