//! What is on offer.

use serde::Deserialize;

use super::listing::Wrapped;
use super::number::{or_default, whole};

/// A plan, which is this cloud's size.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Plan {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) vcpu_count: u64,
    /// In MB.
    #[serde(default, deserialize_with = "whole")]
    pub(crate) ram: u64,
    /// In GB.
    #[serde(default, deserialize_with = "whole")]
    pub(crate) disk: u64,
    #[serde(default)]
    pub(crate) monthly_cost: Option<f64>,
    #[serde(default)]
    pub(crate) hourly_cost: Option<f64>,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) locations: Vec<String>,
}

/// A region.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Region {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) city: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) country: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) options: Vec<String>,
}

/// An operating system, which is this cloud's image.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Os {
    #[serde(deserialize_with = "whole")]
    pub(crate) id: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) family: String,
}

/// Which plans a region has room for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Available {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) available_plans: Vec<String>,
}

impl Wrapped for Plan {
    const ONE: &'static str = "plan";
    const MANY: &'static str = "plans";

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Wrapped for Region {
    const ONE: &'static str = "region";
    const MANY: &'static str = "regions";

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Wrapped for Os {
    const ONE: &'static str = "os";
    const MANY: &'static str = "os";

    fn key(&self) -> String {
        self.id.to_string()
    }
}
