//! What is on offer.

use std::collections::BTreeSet;

use machine_core::{MachineSpec, Money, PriceSource, SizeRequest};

use crate::bench::Bench;
use crate::outcome::Outcome;

cases! { "catalog":
    has_a_region_that_takes_machines [Regions],
    regions_are_told_in_the_same_order [],
    has_sizes_cheapest_first [Sizes],
    sizes_are_as_big_as_they_say [],
    sizes_are_in_regions_that_there_are [],
    prices_come_from_where_it_says [],
    has_images [Images],
    its_ids_are_what_a_request_takes [Sizes, Regions],
    is_the_same_for_every_client [],
}

fn ensure_distinct<'a>(what: &str, ids: impl IntoIterator<Item = &'a str>) -> Outcome {
    let mut seen = BTreeSet::new();
    for id in ids {
        ensure!(!id.is_empty(), "one of the {what} has no id");
        ensure!(seen.insert(id), "`{id}` is twice among the {what}");
    }
    ensure!(!seen.is_empty(), "there are no {what}");
    Ok(())
}

async fn has_a_region_that_takes_machines(bench: &Bench) -> Outcome {
    let regions = bench.provider.catalog().regions().await?;
    ensure_distinct("regions", regions.iter().map(|region| region.id.as_str()))?;
    ensure!(regions.iter().any(|region| region.available), "none of {} regions takes machines", regions.len());
    Ok(())
}

async fn regions_are_told_in_the_same_order(bench: &Bench) -> Outcome {
    let catalog = bench.provider.catalog();
    ensure_eq!(catalog.regions().await?, catalog.regions().await?, "the regions, asked twice");
    Ok(())
}

async fn has_sizes_cheapest_first(bench: &Bench) -> Outcome {
    let sizes = bench.provider.catalog().sizes().await?;
    ensure_distinct("sizes", sizes.iter().map(|size| size.id.as_str()))?;
    let prices: Vec<Money> = sizes.iter().filter_map(|size| Some(size.price?.hourly)).collect();
    ensure!(prices.is_sorted(), "the cheapest is not first: {prices:?}");
    Ok(())
}

async fn sizes_are_as_big_as_they_say(bench: &Bench) -> Outcome {
    for size in bench.provider.catalog().sizes().await? {
        ensure!(size.cpus.is_finite() && size.cpus > 0.0, "size `{}` has {} processors", size.id, size.cpus);
        ensure!(size.memory_mib > 0, "size `{}` has no memory", size.id);
    }
    Ok(())
}

async fn sizes_are_in_regions_that_there_are(bench: &Bench) -> Outcome {
    let catalog = bench.provider.catalog();
    let regions: BTreeSet<String> = catalog.regions().await?.into_iter().map(|region| region.id).collect();
    for size in catalog.sizes().await? {
        let strange: Vec<_> = size.regions.iter().filter(|region| !regions.contains(*region)).collect();
        ensure!(strange.is_empty(), "size `{}` is in {strange:?}, which nobody knows", size.id);
    }
    Ok(())
}

async fn prices_come_from_where_it_says(bench: &Bench) -> Outcome {
    let free = bench.provider.capabilities().price_source == PriceSource::Free;
    for size in bench.provider.catalog().sizes().await? {
        let Some(price) = size.price else { broken!("what size `{}` costs is not known before it is made", size.id) };
        ensure_eq!(price.hourly == Money::ZERO, free, "whether size `{}` is free", size.id);
        let cap = price.monthly_cap.is_none_or(|cap| cap >= price.hourly);
        ensure!(cap, "a month of size `{}` costs less than an hour", size.id);
    }
    Ok(())
}

async fn has_images(bench: &Bench) -> Outcome {
    let images = bench.provider.catalog().images().await?;
    ensure_distinct("images", images.iter().map(|image| image.id.as_str()))?;
    ensure!(images.iter().all(|image| !image.name.is_empty()), "an image has no name");
    let neutral: Vec<&str> = images.iter().filter_map(|image| image.neutral.as_deref()).collect();
    let distinct: BTreeSet<&str> = neutral.iter().copied().collect();
    ensure_eq!(distinct.len(), neutral.len(), "neutral names, each counted once");
    Ok(())
}

async fn its_ids_are_what_a_request_takes(bench: &Bench) -> Outcome {
    let catalog = bench.provider.catalog();
    let regions = catalog.regions().await?;
    let Some(region) = regions.iter().find(|region| region.available) else { broken!("no region takes machines") };
    let sizes = catalog.sizes().await?;
    let Some(size) = sizes.iter().find(|size| size.regions.is_empty() || size.regions.contains(&region.id)) else {
        broken!("no size can be had in `{}`", region.id)
    };
    let spec = bench.spec();
    let image = match (&spec.image, bench.provider.capabilities().images) {
        (None, true) => catalog.images().await?.first().map(|image| image.id.clone()),
        (given, _) => given.clone(),
    };
    let spec =
        MachineSpec { size: SizeRequest::Named(size.id.clone()), regions: vec![region.id.clone()], image, ..spec };
    let machine = bench.create(&spec).await?;
    let told = bench.provider.get(&machine.id).await?.region;
    ensure!(told.is_none_or(|told| told == region.id), "it is not in `{}`", region.id);
    Ok(())
}

async fn is_the_same_for_every_client(bench: &Bench) -> Outcome {
    let other = bench.another()?;
    let (one, other) = (bench.provider.catalog(), other.catalog());
    ensure_eq!(other.regions().await?, one.regions().await?, "the regions");
    ensure_eq!(other.sizes().await?, one.sizes().await?, "the sizes");
    ensure_eq!(other.images().await?, one.images().await?, "the images");
    Ok(())
}
