//! `machine regions`, `sizes` and `images`: what the provider has on offer.

use clap::Args;
use machine_core::{Image, Money, Region, Size};
use machine_fleet::Rate;
use serde::Serialize;

use crate::app::App;
use crate::failure::{Failure, code};
use crate::show::{self, Column, ListOutput};

const REGIONS: &str = "\
Examples:
  machine regions --provider fly
  machine regions -o json";
const SIZES: &str = "\
Examples:
  machine sizes --provider digitalocean
  machine sizes -o json | jq -r '.[] | select(.memory_mib >= 4096) | .id'";
const IMAGES: &str = "\
Examples:
  machine images --provider vultr
  machine images -o ids";

/// How many regions of a size a person is shown.
const REGIONS_SHOWN: usize = 4;

/// Shows where machines can be.
#[derive(Debug, Args)]
#[command(before_help = REGIONS, after_help = show::columns_help(&region_columns()))]
pub(crate) struct Regions {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

/// Shows the sizes that machines come in, and what they cost; cheapest first.
#[derive(Debug, Args)]
#[command(before_help = SIZES, after_help = show::columns_help(&size_columns()))]
pub(crate) struct Sizes {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

/// Shows what machines can be made from.
#[derive(Debug, Args)]
#[command(before_help = IMAGES, after_help = show::columns_help(&image_columns()))]
pub(crate) struct Images {
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
}

/// A size with what follows from its price.
#[derive(Serialize)]
struct Offer {
    #[serde(flatten)]
    size: Size,
    /// The most that a month costs.
    monthly: Option<Money>,
}

impl Regions {
    /// Lists them in the provider's order.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let regions = app.provider().catalog().regions().await?;
        show(app, &self.output, show::List::new(&regions, region_columns(), |region| region.id.clone()))
    }
}

impl Sizes {
    /// Lists them.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let billing = &app.provider().capabilities().billing;
        let offer = |size: Size| {
            let monthly = size.price.map(|price| Rate::new(price, billing).month());
            Offer { size, monthly }
        };
        let offers: Vec<_> = app.provider().catalog().sizes().await?.into_iter().map(offer).collect();
        show(app, &self.output, show::List::new(&offers, size_columns(), |offer| offer.size.id.clone()))
    }
}

impl Images {
    /// Lists them.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let images = app.provider().catalog().images().await?;
        show(app, &self.output, show::List::new(&images, image_columns(), |image| image.id.clone()))
    }
}

fn region_columns() -> Vec<Column<'static, Region>> {
    vec![
        Column::whole("ID", |region: &Region| region.id.clone()),
        Column::new("NAME", |region: &Region| region.name.clone()),
        Column::new("AVAILABLE", |region: &Region| if region.available { "yes" } else { "no" }.to_owned()),
    ]
}

fn size_columns() -> Vec<Column<'static, Offer>> {
    vec![
        Column::whole("ID", |offer: &Offer| offer.size.id.clone()),
        Column::new("CPUS", |offer: &Offer| offer.size.cpus.to_string()),
        Column::new("MEMORY", |offer: &Offer| format!("{}m", offer.size.memory_mib)),
        Column::new("DISK", |offer: &Offer| offer.size.disk_gib.map(|gib| format!("{gib}g")).unwrap_or_default()),
        Column::new("HOURLY", |offer: &Offer| {
            offer.size.price.map(|price| price.hourly.to_string()).unwrap_or_default()
        }),
        Column::new("MONTHLY", |offer: &Offer| offer.monthly.map(|monthly| monthly.to_string()).unwrap_or_default()),
        Column::new("REGIONS", |offer: &Offer| offer.size.regions.join(",")).short(some_regions),
    ]
}

fn image_columns() -> Vec<Column<'static, Image>> {
    vec![
        Column::whole("ID", |image: &Image| image.id.clone()),
        Column::new("IMAGE", |image: &Image| image.neutral.clone().unwrap_or_default()),
        Column::new("NAME", |image: &Image| image.name.clone()),
    ]
}

/// The first regions of a size, and how many more there are.
fn some_regions(offer: &Offer) -> String {
    let regions = &offer.size.regions;
    match regions.get(..REGIONS_SHOWN) {
        Some(first) if regions.len() > first.len() => {
            format!("{} (+{})", first.join(","), regions.len() - first.len())
        }
        _ => regions.join(","),
    }
}

/// Shows what is on offer.
fn show<T: Serialize>(app: &App, output: &ListOutput, offered: show::List<'_, T>) -> Result<u8, Failure> {
    output.show(&app.printer, offered.nothing("There is nothing to choose from here."))?;
    Ok(code::OK)
}
