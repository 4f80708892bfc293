//! What is on offer, as the API tells it.

use std::cmp::Ordering;
use std::sync::Arc;

use async_trait::async_trait;
use machine_core::{Catalog, Image, MachineSpec, Price, Region, Result, Size};
use machine_http::distinct;

use crate::convert;
use crate::provider::DigitalOceanProvider;
use crate::wire;

impl DigitalOceanProvider {
    pub(crate) async fn offered_regions(&self) -> Result<Arc<Vec<Region>>> {
        let ask = async {
            let regions: Vec<wire::Region> = self.api().list(&["regions"], &[]).await?;
            Ok(distinct(regions.into_iter().filter_map(convert::region).collect(), |region| region.id.clone()))
        };
        self.offer().regions.get(ask).await
    }

    pub(crate) async fn offered_sizes(&self) -> Result<Arc<Vec<Size>>> {
        let ask = async {
            let sizes: Vec<wire::Size> = self.api().list(&["sizes"], &[]).await?;
            let mut sizes = distinct(sizes.into_iter().filter_map(convert::size).collect(), |size| size.id.clone());
            sizes.sort_by(cheaper);
            Ok(sizes)
        };
        self.offer().sizes.get(ask).await
    }

    /// The distributions, and the account's own images, snapshots among them.
    pub(crate) async fn offered_images(&self) -> Result<Arc<Vec<Image>>> {
        let ask = async {
            let (distributions, own) = futures::try_join!(
                self.api().list::<wire::Image>(&["images"], &[("type", "distribution")]),
                self.api().list::<wire::Image>(&["images"], &[("private", "true")]),
            )?;
            let images = distributions.into_iter().chain(own).filter_map(convert::image).collect();
            Ok(distinct(images, |image| image.id.clone()))
        };
        self.offer().images.get(ask).await
    }
}

/// By price, those without one last; by name where the price is the same, so that the order is the same every time.
fn cheaper(one: &Size, other: &Size) -> Ordering {
    let price = |size: &Size| size.price.map(|price| price.hourly);
    let known = price(other).is_some().cmp(&price(one).is_some());
    known.then_with(|| price(one).cmp(&price(other))).then_with(|| one.id.cmp(&other.id))
}

#[async_trait]
impl Catalog for DigitalOceanProvider {
    async fn regions(&self) -> Result<Vec<Region>> {
        self.offered_regions().await.map(|regions| regions.to_vec())
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        self.offered_sizes().await.map(|sizes| sizes.to_vec())
    }

    async fn images(&self) -> Result<Vec<Image>> {
        self.offered_images().await.map(|images| images.to_vec())
    }

    async fn price(&self, spec: &MachineSpec) -> Result<Option<Price>> {
        self.dearest(spec).await
    }
}
