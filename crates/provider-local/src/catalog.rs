//! What is on offer on one computer: itself.

use async_trait::async_trait;
use machine_core::{Catalog, Image, MachineSpec, Price, Region, Result, Size};

use crate::plan::Computer;

/// The only region.
pub(crate) const REGION: &str = "local";
/// The only image: the computer's own system.
pub(crate) const IMAGE: &str = "host";

/// What is on offer on one computer.
#[derive(Debug)]
pub(crate) struct LocalCatalog(pub(crate) Computer);

#[async_trait]
impl Catalog for LocalCatalog {
    async fn regions(&self) -> Result<Vec<Region>> {
        Ok(vec![Region { id: REGION.to_owned(), name: "this computer".to_owned(), available: true }])
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        Ok(self.0.sizes())
    }

    async fn images(&self) -> Result<Vec<Image>> {
        Ok(vec![Image { id: IMAGE.to_owned(), name: "this computer's own system".to_owned(), neutral: None }])
    }

    async fn price(&self, _spec: &MachineSpec) -> Result<Option<Price>> {
        Ok(Some(crate::FREE))
    }
}
