//! What is on offer, put in order: a pure function of the wish and the catalog of one provider.

use machine_core::{Money, Price, Region, Size, SizeRequest};

/// What is asked for, of one provider.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// How big.
    pub(super) size: &'a SizeRequest,
    /// Where, in order of preference; anywhere where nothing is named.
    pub(super) regions: &'a [String],
    /// The most that an hour may cost.
    pub(super) most: Option<Money>,
    /// What the provider makes of the wish by itself.
    pub(super) usual: Usual,
}

/// What a provider takes where nobody says.
#[derive(Debug, Default)]
pub(super) struct Usual {
    pub(super) region: Option<String>,
    pub(super) size: Option<String>,
    pub(super) price: Option<Price>,
}

/// A size at a price, in one region or another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    /// In order of preference; empty where the provider has none.
    pub(super) regions: Vec<String>,
    pub(super) size: Option<String>,
    pub(super) cpus: Option<f64>,
    pub(super) memory_mib: Option<u64>,
    pub(super) price: Price,
}

/// Something that is not chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct No {
    pub(super) regions: Vec<String>,
    pub(super) size: Option<String>,
    pub(super) why: String,
}

/// The spots, cheapest first, and what is none.
pub(super) fn rank(ask: &Ask<'_>, sizes: &[Size], regions: &[Region]) -> (Vec<Spot>, Vec<No>) {
    let (mut spots, mut none) = (Vec::new(), Vec::new());
    let wanted = wanted(ask, regions, &mut none);
    if wanted.is_empty() && !regions.is_empty() {
        return (spots, none);
    }
    for size in fitting(ask, sizes) {
        let no = |regions: Vec<String>, why: String| No { regions, size: Some(size.id.clone()), why };
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            wanted.iter().cloned().partition(|region| size.regions.is_empty() || size.regions.contains(region));
        // Where nothing is named nobody asked for it to be in those.
        if !elsewhere.is_empty() && (here.is_empty() || !ask.regions.is_empty()) {
            none.push(no(elsewhere, "the size cannot be had there".to_owned()));
        }
        if here.is_empty() && !wanted.is_empty() {
            continue;
        }
        match size.price {
            None => none.push(no(here, "nobody knows what it costs".to_owned())),
            Some(price) if ask.most.is_some_and(|most| price.hourly > most) => {
                let most = ask.most.unwrap_or_default();
                none.push(no(here, format!("it costs {} an hour, and {most} is the limit", price.hourly)));
            }
            Some(price) => spots.push(Spot {
                regions: here,
                size: Some(size.id.clone()),
                // Of one that the catalog does not have nobody says how big it is.
                cpus: Some(size.cpus).filter(|cpus| *cpus > 0.0),
                memory_mib: Some(size.memory_mib).filter(|memory| *memory > 0),
                price,
            }),
        }
    }
    spots.sort_by_key(|spot| (spot.price.hourly, spot.price.monthly_cap));
    (spots, none)
}

/// The regions to look at, in order of preference.
fn wanted(ask: &Ask<'_>, regions: &[Region], none: &mut Vec<No>) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    let mut add = |region: &Region, none: &mut Vec<No>| {
        if !region.available {
            let why = "the region takes no new machines".to_owned();
            none.push(No { regions: vec![region.id.clone()], size: None, why });
        } else if !wanted.contains(&region.id) {
            wanted.push(region.id.clone());
        }
    };
    if ask.regions.is_empty() {
        let is_usual = |region: &&Region| Some(&region.id) == ask.usual.region.as_ref();
        let open = |region: &&Region| region.available;
        for region in regions.iter().filter(is_usual).chain(regions.iter().filter(open)) {
            add(region, none);
        }
        return wanted;
    }
    for named in ask.regions {
        let meant: Vec<_> = regions.iter().filter(|region| is_meant(named, &region.id)).collect();
        if meant.is_empty() {
            none.push(No { regions: vec![named.clone()], size: None, why: "there is no such region".to_owned() });
        }
        for region in meant {
            add(region, none);
        }
    }
    wanted
}

/// Whether the word means the region: itself, or all whose name is the word and a number.
fn is_meant(word: &str, region: &str) -> bool {
    let rest = region.strip_prefix(&word.to_lowercase());
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The sizes that would do. One that the catalog does not have is what the provider says of it.
fn fitting(ask: &Ask<'_>, sizes: &[Size]) -> Vec<Size> {
    if let SizeRequest::Need { cpus, memory_mib } = ask.size {
        let fits = |size: &&Size| {
            cpus.is_none_or(|cpus| size.cpus >= cpus) && memory_mib.is_none_or(|memory| size.memory_mib >= memory)
        };
        return sizes.iter().filter(fits).cloned().collect();
    }
    let Some(usual) = &ask.usual.size else { return Vec::new() };
    match sizes.iter().find(|size| size.id == *usual) {
        Some(size) => vec![size.clone()],
        None => vec![Size {
            id: usual.clone(),
            cpus: 0.0,
            memory_mib: 0,
            disk_gib: None,
            price: ask.usual.price,
            regions: Vec::new(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(id: &str, cpus: f64, micros: Option<i64>, regions: &[&str]) -> Size {
        let price = micros.map(|micros| Price { hourly: Money::from_micros(micros), monthly_cap: None });
        let regions = regions.iter().map(|region| (*region).to_owned()).collect();
        Size { id: id.to_owned(), cpus, memory_mib: 1024, disk_gib: None, price, regions }
    }

    fn region(id: &str, available: bool) -> Region {
        Region { id: id.to_owned(), name: id.to_owned(), available }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn ranked(size: &SizeRequest, named: &[&str], most: Option<i64>) -> (Vec<(String, Vec<String>)>, Vec<String>) {
        let sizes = [
            self::size("dear", 4.0, Some(40), &["nyc3"]),
            self::size("small", 1.0, Some(10), &[]),
            self::size("medium", 2.0, Some(20), &["nyc1", "nyc3"]),
            self::size("odd", 2.0, None, &["nyc3"]),
        ];
        let regions = [region("ams3", true), region("nyc1", true), region("nyc3", true), region("sfo1", false)];
        let usual = Usual { region: Some("nyc3".to_owned()), size: Some("small".to_owned()), price: None };
        let named = texts(named);
        let ask = Ask { size, regions: &named, most: most.map(Money::from_micros), usual };
        let (spots, none) = rank(&ask, &sizes, &regions);
        let spots = spots.into_iter().map(|spot| (spot.size.unwrap(), spot.regions)).collect();
        let none =
            none.into_iter().map(|no| format!("{} {}: {}", no.size.unwrap_or_default(), no.regions.join(","), no.why));
        (spots, none.collect())
    }

    #[test]
    fn the_cheapest_comes_first_and_its_usual_region_before_others() {
        let need = SizeRequest::Need { cpus: Some(2.0), memory_mib: None };
        let (spots, none) = ranked(&need, &[], None);
        assert_eq!(spots[0], ("medium".to_owned(), texts(&["nyc3", "nyc1"])));
        assert_eq!(spots[1], ("dear".to_owned(), texts(&["nyc3"])));
        assert_eq!(none, ["odd nyc3: nobody knows what it costs"]);
    }

    #[test]
    fn what_is_not_chosen_has_its_reason() {
        let need = SizeRequest::Need { cpus: Some(2.0), memory_mib: None };
        let (spots, none) = ranked(&need, &["nyc", "sfo1", "fra1"], Some(20));
        assert_eq!(spots, [("medium".to_owned(), texts(&["nyc1", "nyc3"]))]);
        for says in [
            " sfo1: the region takes no new machines",
            " fra1: there is no such region",
            "dear nyc1: the size cannot be had there",
            "dear nyc3: it costs $0.00004 an hour, and $0.00002 is the limit",
        ] {
            assert!(none.iter().any(|no| no == says), "{says}: {none:?}");
        }
    }

    #[test]
    fn without_a_need_it_is_the_usual_size() {
        let (spots, _) = ranked(&SizeRequest::Default, &["ams3"], None);
        assert_eq!(spots, [("small".to_owned(), texts(&["ams3"]))]);
    }
}
