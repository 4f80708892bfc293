//! Where a machine goes and how big it is, and that it costs no more than it may.

use machine_core::{Error, ErrorKind, MachineSpec, Price, Result, Size, SizeRequest, nearest};

use super::VultrProvider;
use super::lookup::none_called;
use crate::convert::{cheapest, sizes};
use crate::wire::Available;

/// A plan, and the regions to try for it in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) plan: String,
    pub(super) regions: Vec<String>,
}

impl VultrProvider {
    /// Where the machine is to go, and as what.
    pub(super) async fn placement(&self, spec: &MachineSpec) -> Result<Placement> {
        let (plans, known) = futures::try_join!(self.api.plans(), self.api.regions())?;
        let regions = self.wanted_regions(spec);
        for region in &regions {
            if known.iter().all(|known| known.id != *region) {
                let near = nearest(region, known.iter().map(|known| known.id.as_str()));
                return Err(none_called("region", region, near, "https://api.vultr.com/v2/regions lists them"));
            }
        }
        let sizes = sizes(&plans);
        let size = chosen(&sizes, &spec.size, &self.config.size, &regions)?;
        affordable(size, spec.max_price)?;
        let has_room = self.advised(&size.id, &regions).await;
        Ok(Placement { plan: size.id.clone(), regions: in_order(regions, &size.regions, &has_room) })
    }

    /// What it costs, wherever it is: a plan has one price.
    pub(super) async fn price_of(&self, spec: &MachineSpec) -> Result<Option<Price>> {
        let sizes = sizes(&self.api.plans().await?);
        chosen(&sizes, &spec.size, &self.config.size, &self.wanted_regions(spec)).map(|size| size.price)
    }

    fn wanted_regions(&self, spec: &MachineSpec) -> Vec<String> {
        if spec.regions.is_empty() { vec![self.config.region.clone()] } else { spec.regions.clone() }
    }

    /// Which of the regions say that they have room, asked where there is a choice. It is advice: what they say changes by the
    /// second, and the answer to the request is what counts.
    async fn advised(&self, plan: &str, regions: &[String]) -> Vec<String> {
        if regions.len() < 2 {
            return regions.to_vec();
        }
        let ask = |region: String| async move {
            let answer = self.api.get(&["regions", &region, "availability"]).send::<Available>().await;
            answer.is_ok_and(|room| room.available_plans.iter().any(|has| has == plan)).then_some(region)
        };
        let answers = futures::future::join_all(regions.iter().cloned().map(ask)).await;
        answers.into_iter().flatten().collect()
    }
}

/// The size that is asked for.
fn chosen<'a>(sizes: &'a [Size], wanted: &SizeRequest, default: &str, regions: &[String]) -> Result<&'a Size> {
    let named = |id: &str| {
        sizes.iter().find(|size| size.id == id).ok_or_else(|| {
            let near = nearest(id, sizes.iter().map(|size| size.id.as_str()));
            none_called("size", id, near, "https://api.vultr.com/v2/plans lists them")
        })
    };
    match wanted {
        SizeRequest::Default => named(default),
        SizeRequest::Named(id) => named(id),
        SizeRequest::Need { cpus, memory_mib } => cheapest(sizes, *cpus, *memory_mib, regions).ok_or_else(|| {
            let what = format!("no size in {} has as much as is needed", regions.join(", "));
            Error::new(ErrorKind::Invalid, what).with_hint("https://api.vultr.com/v2/plans lists them")
        }),
        _ => Err(super::unsupported("sizes are named, or said by what is needed")),
    }
}

/// Refuses a size that costs more than it may, or nobody knows how much.
fn affordable(size: &Size, limit: Option<Price>) -> Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    let refused =
        |what: String| Err(Error::new(ErrorKind::Budget, what).with_hint("raise the limit, or name a smaller size"));
    let id = &size.id;
    let Some(price) = size.price else {
        return refused(format!("what size `{id}` costs is not known, so it cannot be held to a limit"));
    };
    if price.hourly > limit.hourly {
        return refused(format!("size `{id}` costs {} an hour, and {} is the limit", price.hourly, limit.hourly));
    }
    match (price.monthly_cap, limit.monthly_cap) {
        (Some(costs), Some(most)) if costs > most => {
            refused(format!("size `{id}` costs {costs} a month, and {most} is the limit"))
        }
        _ => Ok(()),
    }
}

/// The regions in the order of preference, those first that have the size and room for it.
fn in_order(regions: Vec<String>, offered: &[String], has_room: &[String]) -> Vec<String> {
    let mut regions = regions;
    // A stable sort: where nothing speaks against it, the order is the caller's.
    regions.sort_by_key(|region| {
        let offers = offered.is_empty() || offered.contains(region);
        (!offers, !has_room.contains(region))
    });
    regions.dedup();
    regions
}

#[cfg(test)]
mod tests {
    use machine_core::Money;

    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn size(id: &str, hourly: i64) -> Size {
        let price = Price { hourly: Money::from_micros(hourly), monthly_cap: Some(Money::from_micros(hourly * 672)) };
        Size {
            id: id.into(),
            cpus: 1.0,
            memory_mib: 1024,
            disk_gib: None,
            price: Some(price),
            regions: texts(&["ewr"]),
        }
    }

    #[test]
    fn regions_keep_their_order_but_for_those_without_room() {
        let order =
            |offered: &[&str], room: &[&str]| in_order(texts(&["ewr", "ams", "fra"]), &texts(offered), &texts(room));
        assert_eq!(order(&[], &["ewr", "ams", "fra"]), ["ewr", "ams", "fra"]);
        assert_eq!(order(&[], &["fra"]), ["fra", "ewr", "ams"]);
        assert_eq!(order(&["ams", "fra"], &["ewr", "fra"]), ["fra", "ams", "ewr"]);
        assert_eq!(order(&[], &[]), ["ewr", "ams", "fra"]);
    }

    #[test]
    fn a_limit_holds() {
        let limit = |hourly, monthly: Option<i64>| {
            let monthly_cap = monthly.map(Money::from_micros);
            let price = Price { hourly: Money::from_micros(hourly), monthly_cap };
            affordable(&size("small", 10_000), Some(price)).map_err(|error| error.kind())
        };
        assert_eq!(limit(10_000, None), Ok(()));
        assert_eq!(limit(9_999, None), Err(ErrorKind::Budget));
        assert_eq!(limit(10_000, Some(1)), Err(ErrorKind::Budget));
        let unpriced = Size { price: None, ..size("small", 1) };
        let most = Price { hourly: Money::from_micros(i64::MAX), monthly_cap: None };
        assert_eq!(affordable(&unpriced, Some(most)).unwrap_err().kind(), ErrorKind::Budget);
        assert!(affordable(&unpriced, None).is_ok());
    }

    #[test]
    fn a_size_is_there_or_the_nearest_is_named() {
        let sizes = [size("vc2-1c-1gb", 7_441), size("vc2-2c-4gb", 29_762)];
        let chosen =
            |wanted: &SizeRequest| chosen(&sizes, wanted, "vc2-1c-1gb", &texts(&["ewr"])).map(|size| size.id.as_str());
        assert_eq!(chosen(&SizeRequest::Default).unwrap(), "vc2-1c-1gb");
        let error = chosen(&SizeRequest::Named("vc2-2c-4bg".into())).unwrap_err();
        assert_eq!((error.kind(), error.hint()), (ErrorKind::NotFound, Some("did you mean `vc2-2c-4gb`?")));
        let need = SizeRequest::Need { cpus: Some(64.0), memory_mib: None };
        assert_eq!(chosen(&need).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
