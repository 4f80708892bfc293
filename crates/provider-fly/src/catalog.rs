//! What is on offer.

use std::sync::Arc;

use async_trait::async_trait;
use machine_core::{Catalog, Image, MachineSpec, Price, Region, Result, Size};

use crate::fly::{ACTION, Fly};
use crate::wire::answers::Regions;
use crate::{images, sizes};

/// Regions as the cloud tells them; sizes, prices and images from tables of ours, because it tells none.
#[derive(Debug)]
pub(crate) struct FlyCatalog(pub(crate) Arc<Fly>);

#[async_trait]
impl Catalog for FlyCatalog {
    async fn regions(&self) -> Result<Vec<Region>> {
        let request = self.0.api.get(["platform", "regions"]).bucket(ACTION, "regions");
        let told = request.send::<Regions>().await?.regions.into_iter();
        let regions = told.filter_map(|region| {
            let id = region.code.filter(|code| !code.is_empty())?;
            let name = region.name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
            Some(Region { id, name, available: !region.deprecated.unwrap_or_default() })
        });
        Ok(machine_http::distinct(regions.collect(), |region| region.id.clone()))
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        Ok(sizes::all(&self.0.defaults.prices))
    }

    async fn images(&self) -> Result<Vec<Image>> {
        Ok(images::all())
    }

    async fn price(&self, spec: &MachineSpec) -> Result<Option<Price>> {
        let defaults = &self.0.defaults;
        let guest = sizes::guest(&spec.size, &defaults.size)?;
        Ok(sizes::price(&guest, &defaults.prices).map(|price| defaults.prices.anywhere(price)))
    }
}
