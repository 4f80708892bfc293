//! What the fake says that machines cost.

use async_trait::async_trait;
use machine_core::*;

#[derive(Debug, Default)]
pub(crate) struct Menu {
    pub(crate) price: Option<Price>,
    /// Whether it cannot be read.
    pub(crate) broken: bool,
}

#[async_trait]
impl Catalog for Menu {
    async fn regions(&self) -> Result<Vec<Region>> {
        NothingOnOffer.regions().await
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        NothingOnOffer.sizes().await
    }

    async fn images(&self) -> Result<Vec<Image>> {
        NothingOnOffer.images().await
    }

    async fn price(&self, _spec: &MachineSpec) -> Result<Option<Price>> {
        if self.broken {
            return Err(Error::new(ErrorKind::Network, "the prices cannot be read"));
        }
        Ok(self.price)
    }
}
