//! Sizes, regions and prices.

use machine_core::{Money, Price, Region, Size};

use crate::wire;

/// What a size costs, where it says so.
pub(crate) fn price(size: &wire::Size) -> Option<Price> {
    let hourly = Money::from_dollars(size.price_hourly?)?;
    Some(Price { hourly, monthly_cap: size.price_monthly.and_then(Money::from_dollars).filter(|cap| *cap >= hourly) })
}

/// A size that can be had; one that cannot, or of which too little is told, is not on offer.
pub(crate) fn size(size: wire::Size) -> Option<Size> {
    if size.available == Some(false) {
        return None;
    }
    let price = price(&size);
    Some(Size {
        id: size.slug.filter(|slug| !slug.is_empty())?,
        cpus: f64::from(size.vcpus.filter(|cpus| *cpus > 0)?),
        memory_mib: size.memory.filter(|memory| *memory > 0)?,
        disk_gib: size.disk,
        price,
        regions: size.regions.unwrap_or_default(),
    })
}

/// A region.
pub(crate) fn region(region: wire::Region) -> Option<Region> {
    let id = region.slug.filter(|slug| !slug.is_empty())?;
    Some(Region { name: region.name.unwrap_or_else(|| id.clone()), available: region.available.unwrap_or(true), id })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prices_are_exact_and_capped() {
        let told = json!({"slug": "s-1vcpu-1gb", "memory": 1024, "vcpus": 1, "disk": 25, "price_monthly": 6.0,
            "price_hourly": 0.00893, "regions": ["nyc3"], "available": true});
        let read = size(serde_json::from_value(told).unwrap()).unwrap();
        let price = read.price.unwrap();
        assert_eq!((price.hourly, price.monthly_cap), (Money::from_micros(8_930), Some(Money::from_micros(6_000_000))));
        assert_eq!((read.cpus, read.memory_mib, read.disk_gib), (1.0, 1024, Some(25)));
    }

    #[test]
    fn what_cannot_be_had_is_not_on_offer() {
        for told in [
            json!({"slug": "s", "memory": 1024, "vcpus": 1, "available": false}),
            json!({"slug": "", "memory": 1024, "vcpus": 1}),
            json!({"slug": "s", "memory": 1024}),
        ] {
            assert!(size(serde_json::from_value(told).unwrap()).is_none());
        }
    }
}
