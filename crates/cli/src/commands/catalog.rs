//! `machine regions`, `sizes` and `images`: what the provider has on offer.

use clap::Args;
use machine_core::{Image, Money, Region, Size};
use machine_fleet::Rate;
use serde::Serialize;

use crate::app::App;
use crate::failure::{Failure, code};
use crate::show::{Format, Table};

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
#[command(before_help = REGIONS)]
pub(crate) struct Regions {
    /// In which shape [default: table on a terminal, text in a pipe].
    #[arg(long, short, value_name = "table|text|json|ids", hide_possible_values = true)]
    output: Option<Format>,
}

/// Shows the sizes that machines come in, and what they cost; cheapest first.
#[derive(Debug, Args)]
#[command(before_help = SIZES)]
pub(crate) struct Sizes {
    /// In which shape [default: table on a terminal, text in a pipe].
    #[arg(long, short, value_name = "table|text|json|ids", hide_possible_values = true)]
    output: Option<Format>,
}

/// Shows what machines can be made from.
#[derive(Debug, Args)]
#[command(before_help = IMAGES)]
pub(crate) struct Images {
    /// In which shape [default: table on a terminal, text in a pipe].
    #[arg(long, short, value_name = "table|text|json|ids", hide_possible_values = true)]
    output: Option<Format>,
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
        let mut table = Table::new(&["ID", "NAME", "AVAILABLE"]);
        for Region { id, name, available } in &regions {
            table.row([id.clone(), name.clone(), if *available { "yes" } else { "no" }.to_owned()]);
        }
        show(app, self.output, &regions, |region| &region.id, |_| table)
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
        show(app, self.output, &offers, |offer| &offer.size.id, |format| sizes(&offers, format))
    }
}

impl Images {
    /// Lists them.
    ///
    /// # Errors
    /// The provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let images = app.provider().catalog().images().await?;
        let mut table = Table::new(&["ID", "IMAGE", "NAME"]);
        for Image { id, name, neutral } in &images {
            table.row([id.clone(), neutral.clone().unwrap_or_default(), name.clone()]);
        }
        show(app, self.output, &images, |image| &image.id, |_| table)
    }
}

fn sizes(offers: &[Offer], format: Format) -> Table {
    let mut table = Table::new(&["ID", "CPUS", "MEMORY", "DISK", "HOURLY", "MONTHLY", "REGIONS"]);
    for Offer { size, monthly } in offers {
        let hourly = size.price.map(|price| price.hourly.to_string()).unwrap_or_default();
        let regions = match size.regions.get(..REGIONS_SHOWN) {
            Some(first) if format == Format::Table && size.regions.len() > first.len() => {
                format!("{} (+{})", first.join(","), size.regions.len() - first.len())
            }
            _ => size.regions.join(","),
        };
        table.row([
            size.id.clone(),
            size.cpus.to_string(),
            format!("{}m", size.memory_mib),
            size.disk_gib.map(|gib| format!("{gib}g")).unwrap_or_default(),
            hourly,
            monthly.map(|monthly| monthly.to_string()).unwrap_or_default(),
            regions,
        ]);
    }
    table
}

/// Shows what is on offer in the shape that was asked for.
fn show<T: Serialize>(
    app: &App,
    output: Option<Format>,
    offered: &[T],
    id: impl Fn(&T) -> &String,
    table: impl FnOnce(Format) -> Table,
) -> Result<u8, Failure> {
    let usual = if app.printer.to_terminal() { Format::Table } else { Format::Text };
    match output.unwrap_or(usual) {
        Format::Table if offered.is_empty() => app.printer.note("There is nothing to choose from here."),
        Format::Table => app.printer.out(table(Format::Table).columns())?,
        Format::Text => app.printer.out(table(Format::Text).tabs())?,
        Format::Json => app.printer.json(&offered)?,
        Format::Ids => app.printer.out(offered.iter().map(|one| format!("{}\n", id(one))).collect::<String>())?,
    }
    Ok(code::OK)
}
