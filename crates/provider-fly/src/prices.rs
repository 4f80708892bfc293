//! What Fly charges. Its API tells no prices, so that these are a copy of its price list, which the configuration can correct.

use machine_core::{Error, ErrorKind, Money, Price, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::sizes::Kind;

/// When the list was copied, as a day in UTC. From there:
/// <https://fly.io/docs/about/pricing/>, 30 days of the cheapest regions as an hour.
pub(crate) const AS_OF: &str = "2026-08-07";

/// Prices that stand in for those that are built in, in dollars.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PriceList {
    /// An hour of one shared processor with the 256 MB that come with it.
    pub shared_cpu: Option<f64>,
    /// An hour of one processor of one's own with the 2048 MB that come with it.
    pub performance_cpu: Option<f64>,
    /// An hour of a GiB of memory beyond that.
    pub memory_gib: Option<f64>,
    /// A month of a GiB of a volume.
    pub volume_gib_month: Option<f64>,
    /// How many times as much a machine costs in the dearest region that it may be in. Budgets count with it.
    pub dearest_region: Option<f64>,
}

/// What things cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Prices {
    shared_cpu: Money,
    performance_cpu: Money,
    memory_gib: Money,
    pub(crate) volume_gib_month: Money,
    /// In thousandths.
    dearest_region: i64,
}

impl Prices {
    /// The copy of the list.
    pub(crate) const LISTED: Self = Self {
        shared_cpu: Money::from_micros(2_808),
        performance_cpu: Money::from_micros(44_712),
        // Five dollars in 30 days.
        memory_gib: Money::from_micros(6_944),
        volume_gib_month: Money::from_micros(150_000),
        dearest_region: 1_600,
    };

    /// Those of the list, but for what the configuration says.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for what is no price, with its key.
    pub(crate) fn corrected(list: &PriceList) -> Result<Self> {
        let money = |key: &str, given: Option<f64>, listed: Money| match given.map(Money::from_dollars) {
            None => Ok(listed),
            Some(Some(money)) => Ok(money),
            Some(None) => Err(no_price(key)),
        };
        let listed = Self::LISTED;
        Ok(Self {
            shared_cpu: money("shared-cpu", list.shared_cpu, listed.shared_cpu)?,
            performance_cpu: money("performance-cpu", list.performance_cpu, listed.performance_cpu)?,
            memory_gib: money("memory-gib", list.memory_gib, listed.memory_gib)?,
            volume_gib_month: money("volume-gib-month", list.volume_gib_month, listed.volume_gib_month)?,
            dearest_region: match list.dearest_region {
                None => listed.dearest_region,
                Some(times) if (1.0..=100.0).contains(&times) => {
                    #[expect(clippy::cast_possible_truncation, reason = "small, as was just seen")]
                    let thousandths = (times * 1e3).ceil() as i64;
                    thousandths
                }
                Some(_) => return Err(no_price("dearest-region")),
            },
        })
    }

    /// An hour of a machine in the cheapest regions.
    pub(crate) fn hour(&self, kind: &Kind, cpus: u32, memory_mib_beyond: u64) -> Option<Price> {
        let cpu = if kind.name == "shared" { self.shared_cpu } else { self.performance_cpu };
        let memory = i64::try_from(memory_mib_beyond).ok()?.checked_mul(self.memory_gib.micros())? / 1_024;
        let hourly = cpu.micros().checked_mul(i64::from(cpus))?.checked_add(memory)?;
        Some(Price { hourly: Money::from_micros(hourly), monthly_cap: None })
    }

    /// The same in the dearest region.
    pub(crate) fn anywhere(&self, price: Price) -> Price {
        let micros = i128::from(price.hourly.micros()) * i128::from(self.dearest_region);
        let hourly = i64::try_from((micros + 999) / 1_000).unwrap_or(i64::MAX);
        Price { hourly: Money::from_micros(hourly), ..price }
    }
}

fn no_price(key: &str) -> Error {
    let what = format!("`{key}` is no price that there could be");
    Error::new(ErrorKind::Config, what).with_context("setting", format!("prices.{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_corrects_what_it_names_and_nothing_else() {
        let list = PriceList { shared_cpu: Some(0.01), dearest_region: Some(1.0), ..PriceList::default() };
        let corrected = Prices::corrected(&list).unwrap();
        let expected = Prices { shared_cpu: Money::from_micros(10_000), dearest_region: 1_000, ..Prices::LISTED };
        assert_eq!(corrected, expected);
        assert_eq!(Prices::corrected(&PriceList::default()).unwrap(), Prices::LISTED);
        for odd in [
            PriceList { memory_gib: Some(-1.0), ..PriceList::default() },
            PriceList { volume_gib_month: Some(f64::NAN), ..PriceList::default() },
            PriceList { dearest_region: Some(0.5), ..PriceList::default() },
        ] {
            assert_eq!(Prices::corrected(&odd).unwrap_err().kind(), ErrorKind::Config, "{odd:?}");
        }
    }

    #[test]
    fn the_dearest_region_is_never_rounded_down() {
        let price = Price { hourly: Money::from_micros(2_808), monthly_cap: None };
        assert_eq!(Prices::LISTED.anywhere(price).hourly, Money::from_micros(4_493));
    }
}
