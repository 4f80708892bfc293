//! What a create would do, told before anything is done.

use serde::{Deserialize, Serialize};

use crate::Price;

/// What a create would do. No secret stands in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Preview {
    /// Where the machine would be, where that is decided before the request.
    pub region: Option<String>,
    /// Its size, in the provider's word.
    pub size: Option<String>,
    /// What it would be made from, in the provider's word.
    pub image: Option<String>,
    /// What it would cost there, where that is known.
    pub price: Option<Price>,
    /// The requests that would change something, in their order.
    pub requests: Vec<PlannedRequest>,
    /// What would be done on this computer, a sentence each.
    pub steps: Vec<String>,
}

/// A request that has not been sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedRequest {
    /// Its method.
    pub method: String,
    /// Its path, below the host.
    pub path: String,
    /// Its body, with everything secret hidden; null where it has none.
    pub body: serde_json::Value,
}
