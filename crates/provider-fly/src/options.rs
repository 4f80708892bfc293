//! What only Fly knows of a machine.

use std::collections::BTreeMap;

use machine_core::ProviderOptions;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What only Fly knows of a machine. Its parts are handed on as they are, in the shape that the Machines API gives them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlyOptions {
    /// Services through which Fly's proxy reaches the machine from outside, by an address of the app.
    pub services: Vec<Value>,
    /// Checks by name, which the proxy makes before it sends anybody there.
    pub checks: BTreeMap<String, Value>,
}

impl ProviderOptions for FlyOptions {
    const PROVIDER: &'static str = crate::KIND;
}
