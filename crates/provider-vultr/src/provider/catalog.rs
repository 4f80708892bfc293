//! What is on offer.

use async_trait::async_trait;
use machine_core::{Catalog, Image, MachineSpec, Price, Region, Result, Size};

use super::VultrProvider;
use crate::convert::{images, sizes};

#[async_trait]
impl Catalog for VultrProvider {
    async fn regions(&self) -> Result<Vec<Region>> {
        let regions = self.api.regions().await?;
        let name = |region: &crate::wire::Region| match (region.city.as_str(), region.country.as_str()) {
            ("", _) => region.id.clone(),
            (city, "") => city.to_owned(),
            (city, country) => format!("{city}, {country}"),
        };
        Ok(regions.iter().map(|known| Region { id: known.id.clone(), name: name(known), available: true }).collect())
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        self.api.plans().await.map(|plans| sizes(&plans))
    }

    async fn images(&self) -> Result<Vec<Image>> {
        self.api.systems().await.map(|systems| images(&systems))
    }

    async fn price(&self, spec: &MachineSpec) -> Result<Option<Price>> {
        self.price_of(spec).await
    }
}
