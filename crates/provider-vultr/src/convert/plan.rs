//! Plans: what they cost, and which of them will do.

use machine_core::{Money, Price, Size};

use crate::wire::Plan;

/// In how many hours a month's price is reached, where the cloud does not name an hour's.
const HOURS: f64 = 672.0;
/// The same for a plan with graphics processors.
const HOURS_WITH_GPU: f64 = 730.0;

/// What the plan costs, where the cloud says so.
pub(crate) fn price(plan: &Plan) -> Option<Price> {
    let monthly = plan.monthly_cost?;
    let hours = if plan.kind.starts_with("vcg") { HOURS_WITH_GPU } else { HOURS };
    let hourly = plan.hourly_cost.filter(|cost| *cost > 0.0).unwrap_or(monthly / hours);
    Some(Price { hourly: money(hourly), monthly_cap: Some(money(monthly)) })
}

/// Millionths, rounded up: a limit is never passed by rounding.
#[expect(clippy::cast_possible_truncation, reason = "a cast of a float stops at the ends, and no plan costs 9 * 10^12")]
fn money(dollars: f64) -> Money {
    // A float that is meant to be whole may be a hair above.
    Money::from_micros((dollars * 1e6 - 1e-3).ceil() as i64)
}

/// The plans as sizes, cheapest first; those without a price come last.
pub(crate) fn sizes(plans: &[Plan]) -> Vec<Size> {
    let mut sizes: Vec<Size> = plans.iter().map(size).collect();
    let cost = |size: &Size| size.price.map_or((true, Money::ZERO), |price| (false, price.hourly));
    sizes.sort_by(|one, other| (cost(one), one.memory_mib, &one.id).cmp(&(cost(other), other.memory_mib, &other.id)));
    sizes
}

fn size(plan: &Plan) -> Size {
    Size {
        id: plan.id.clone(),
        cpus: f64::from(u32::try_from(plan.vcpu_count).unwrap_or(u32::MAX)),
        memory_mib: plan.ram,
        disk_gib: (plan.disk > 0).then_some(plan.disk),
        price: price(plan),
        regions: plan.locations.clone(),
    }
}

/// The cheapest size that has this much in one of these regions.
pub(crate) fn cheapest<'a>(
    sizes: &'a [Size],
    cpus: Option<f64>,
    memory_mib: Option<u64>,
    regions: &[String],
) -> Option<&'a Size> {
    sizes.iter().find(|size| {
        size.price.is_some()
            && size.cpus >= cpus.unwrap_or_default()
            && size.memory_mib >= memory_mib.unwrap_or_default()
            && (size.regions.is_empty() || regions.iter().any(|region| size.regions.contains(region)))
            && !by_name_only(&size.id)
    })
}

/// Whether a plan is one that nobody means who does not name it: without an address of the kind that everybody can reach, or
/// free for those who were let into a programme.
fn by_name_only(id: &str) -> bool {
    id.ends_with("-v6") || id.ends_with("-free")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(id: &str, cpus: u64, ram: u64, monthly: f64, locations: &[&str]) -> Plan {
        Plan {
            id: id.into(),
            vcpu_count: cpus,
            ram,
            monthly_cost: Some(monthly),
            locations: locations.iter().map(|place| (*place).to_owned()).collect(),
            ..Plan::default()
        }
    }

    #[test]
    fn an_hour_is_what_the_cloud_says_or_a_part_of_the_month() {
        let five = plan("vc2-1c-1gb", 1, 1024, 5.0, &[]);
        let micros = |plan: &Plan| price(plan).map(|price| price.hourly.micros());
        assert_eq!(micros(&five), Some(7_441));
        assert_eq!(price(&five).unwrap().monthly_cap, Some(Money::from_micros(5_000_000)));
        assert_eq!(micros(&Plan { hourly_cost: Some(0.007), ..five.clone() }), Some(7_000));
        assert_eq!(micros(&Plan { kind: "vcg".into(), monthly_cost: Some(730.0), ..five.clone() }), Some(1_000_000));
        assert_eq!(price(&Plan { monthly_cost: None, ..five }), None);
    }

    #[test]
    fn the_cheapest_that_will_do_where_it_is_wanted() {
        let plans = [
            plan("big", 4, 8192, 40.0, &["ewr"]),
            plan("small", 1, 1024, 5.0, &["ams"]),
            plan("middle", 1, 1024, 6.0, &["ewr", "ams"]),
            plan("tiny-v6", 1, 1024, 2.5, &["ewr"]),
            Plan { monthly_cost: None, ..plan("unpriced", 8, 9999, 0.0, &["ewr"]) },
        ];
        let sizes = sizes(&plans);
        let order: Vec<_> = sizes.iter().map(|size| size.id.as_str()).collect();
        assert_eq!(order, ["tiny-v6", "small", "middle", "big", "unpriced"]);
        let need = |cpus, memory, region: &str| {
            cheapest(&sizes, cpus, memory, &[region.to_owned()]).map(|size| size.id.as_str())
        };
        assert_eq!(need(Some(1.0), Some(256), "ewr"), Some("middle"));
        assert_eq!(need(Some(1.0), None, "ams"), Some("small"));
        assert_eq!(need(Some(1.5), None, "ewr"), Some("big"));
        assert_eq!(need(Some(5.0), None, "ewr"), None);
    }
}
