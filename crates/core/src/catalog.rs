//! What a provider has on offer.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{MachineSpec, Price, Result};

/// What a provider has on offer: where, how big, from what, at which price. Each list is complete or an error, and its ids are
/// what a request takes.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// The regions, in the provider's order.
    async fn regions(&self) -> Result<Vec<Region>>;

    /// The sizes, cheapest first.
    async fn sizes(&self) -> Result<Vec<Size>>;

    /// The images that a machine can be made from.
    async fn images(&self) -> Result<Vec<Image>>;

    /// What a machine made from `spec` costs while it runs, at most: the price of the dearest place that it may end up in. `None`
    /// where that is not known. Nothing is made, and what is asked of the cloud for it is not asked again by a create that
    /// follows.
    async fn price(&self, spec: &MachineSpec) -> Result<Option<Price>>;
}

/// The catalog of a provider whose machines come in one size, from one image, in one place.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingOnOffer;

#[async_trait]
impl Catalog for NothingOnOffer {
    async fn regions(&self) -> Result<Vec<Region>> {
        Ok(Vec::new())
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        Ok(Vec::new())
    }

    async fn images(&self) -> Result<Vec<Image>> {
        Ok(Vec::new())
    }

    async fn price(&self, _spec: &MachineSpec) -> Result<Option<Price>> {
        Ok(None)
    }
}

/// A place where machines can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// As it is written in a request.
    pub id: String,
    /// As a person says it.
    pub name: String,
    /// Whether it takes new machines.
    pub available: bool,
}

/// A size that machines come in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// As it is written in a request.
    pub id: String,
    /// Processors.
    pub cpus: f64,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Disk in GiB, where the size decides it.
    pub disk_gib: Option<u64>,
    /// What it costs.
    pub price: Option<Price>,
    /// Where it can be had; everywhere when empty.
    pub regions: Vec<String>,
}

/// Something that a machine can be made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// As it is written in a request.
    pub id: String,
    /// As a person says it.
    pub name: String,
    /// The neutral name that resolves to it (`debian-12`), where there is one.
    pub neutral: Option<String>,
}
