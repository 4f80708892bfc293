//! What Fly sells: regions, guests and their prices of August 2026, in the cheapest regions.

use serde_json::{Value, json};

use crate::fly::answer::{Refusal, invalid};

/// Hours in the month that prices are given for.
const MONTH: f64 = 30.0 * 24.0;

/// What a gibibyte of memory beyond the preset's costs in a month, in dollars.
const MEMORY: f64 = 5.0;

/// What a gibibyte of a volume, or of the root of a machine that is not up, costs in a month.
const DISK: f64 = 0.15;

/// What an IPv4 address of one's own costs in a month.
const ADDRESS: f64 = 2.0;

/// A region that says that it has no room: for machines 503, for volumes 400.
pub(super) const FULL: &str = "full";

/// A region in which the organization has used up what it may: 403.
pub(super) const QUOTA: &str = "quota";

/// A region whose hosts take new machines, but have no room when one is to start or change (409), or is to be where a volume
/// is (412).
pub(super) const CROWDED: &str = "crowded";

/// A region that does not answer when the machines of a whole organization are listed.
pub(super) const DARK: &str = "dark";

/// The regions that exist for what goes wrong in them. No list has them, and no alias means them.
const RESERVED: &[&str] = &[FULL, QUOTA, CROWDED, DARK];

/// A region: code, name, the part of the world that is its alias, latitude and longitude.
type Region = (&'static str, &'static str, &'static str, f64, f64);

const REGIONS: &[Region] = &[
    ("iad", "Ashburn, Virginia (US)", "us", 39.02, -77.54),
    ("ams", "Amsterdam, Netherlands", "eu", 52.37, 4.90),
    ("arn", "Stockholm, Sweden", "eu", 59.65, 17.92),
    ("cdg", "Paris, France", "eu", 48.86, 2.35),
    ("dfw", "Dallas, Texas (US)", "us", 32.78, -96.81),
    ("ewr", "Secaucus, NJ (US)", "us", 40.79, -74.06),
    ("fra", "Frankfurt, Germany", "eu", 50.17, 8.67),
    ("gru", "Sao Paulo, Brazil", "sa", -23.55, -46.63),
    ("lax", "Los Angeles, California (US)", "us", 33.94, -118.41),
    ("lhr", "London, United Kingdom", "eu", 51.52, -0.13),
    ("nrt", "Tokyo, Japan", "apac", 35.62, 139.75),
    ("ord", "Chicago, Illinois (US)", "us", 41.89, -87.62),
    ("sin", "Singapore, Singapore", "apac", 1.30, 103.80),
    ("sjc", "San Jose, California (US)", "us", 37.35, -121.96),
    ("syd", "Sydney, Australia", "apac", -33.87, 151.21),
];

/// Every region that is open to all.
pub(super) fn regions() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|region| region.0)
}

/// The list of regions as an answer shows it.
pub(super) fn show_regions() -> Value {
    let row = |&(code, name, part, latitude, longitude): &Region| {
        json!({
            "code": code, "name": name, "geo_region": part, "latitude": latitude, "longitude": longitude,
            "gateway_available": true, "requires_paid_plan": false, "deprecated": false,
        })
    };
    // The description spells these keys small; the API does not.
    json!({"Regions": REGIONS.iter().map(row).collect::<Vec<_>>(), "Nearest": REGIONS[0].0})
}

/// The first region that `wish` allows: a list, by preference, of codes and of parts of the world. No wish is any.
pub(super) fn region(wish: &str) -> Result<&'static str, Refusal> {
    let wish = if wish.is_empty() { "any" } else { wish };
    let mut chosen = None;
    for part in wish.split(',').map(str::trim) {
        let code = RESERVED.iter().copied().find(|code| *code == part);
        let code = code.or_else(|| REGIONS.iter().find(|region| part == region.0).map(|region| region.0));
        let code =
            code.or_else(|| REGIONS.iter().find(|region| part == "any" || part == region.2).map(|region| region.0));
        let code = code.ok_or_else(|| invalid(format!("region {part} not found")))?;
        // A full region is passed over while the list goes on.
        if chosen.is_none_or(|before| before == FULL) {
            chosen = Some(code);
        }
    }
    Ok(chosen.unwrap_or(REGIONS[0].0))
}

/// How much of a computer a machine has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guest {
    shared: bool,
    cpus: u32,
    /// Mebibytes.
    pub(super) memory: u32,
}

impl Guest {
    /// What a configuration asks for: by `guest`, by the name of a preset in `size`, or the smallest.
    pub(super) fn read(config: &Value) -> Result<Self, Refusal> {
        let (guest, size) = (&config["guest"], config["size"].as_str().filter(|size| !size.is_empty()));
        match size {
            Some(_) if guest.is_object() => Err(invalid("config.size and config.guest exclude each other")),
            Some(size) => {
                let preset = size.strip_suffix('x').and_then(|size| size.rsplit_once('-'));
                let (kind, cpus) = preset.ok_or_else(|| invalid(format!("unknown machine size {size}")))?;
                let kind = if kind == "shared-cpu" { "shared" } else { kind };
                Self::checked(kind, cpus.parse().unwrap_or_default(), None)
                    .map_err(|_| invalid(format!("unknown machine size {size}")))
            }
            None => Self::of(guest),
        }
    }

    /// What a `guest` alone asks for.
    pub(super) fn of(guest: &Value) -> Result<Self, Refusal> {
        let number = |key: &str| guest[key].as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let kind = guest["cpu_kind"].as_str().unwrap_or("shared");
        Self::checked(kind, number("cpus").unwrap_or(1), number("memory_mb"))
    }

    fn checked(kind: &str, cpus: u32, memory: Option<u32>) -> Result<Self, Refusal> {
        let (counts, least, most): (&[u32], u32, u32) = match kind {
            "shared" => (&[1, 2, 4, 6, 8], 256, 2048),
            "performance" => (&[1, 2, 4, 6, 8, 10, 12, 14, 16], 2048, 8192),
            _ => return Err(invalid("invalid config.guest.cpu_kind, must be one of: shared, performance")),
        };
        if !counts.contains(&cpus) {
            return Err(invalid(format!("invalid number of CPUs, must be one of: {counts:?}")));
        }
        let memory = memory.unwrap_or(least * cpus);
        if !memory.is_multiple_of(256) {
            return Err(invalid(format!("invalid config.guest.memory_mb, {memory} is not a multiple of 256")));
        }
        if !(least * cpus..=most * cpus).contains(&memory) {
            let (least, most) = (least * cpus, most * cpus);
            return Err(invalid(format!("invalid config.guest.memory_mb, {memory} is not within {least} and {most}")));
        }
        Ok(Self { shared: kind == "shared", cpus, memory })
    }

    /// As an answer shows it, beside what else `given` says.
    pub(super) fn show(self, given: &Value) -> Value {
        let mut shown = if given.is_object() { given.clone() } else { json!({}) };
        shown["cpu_kind"] = if self.shared { "shared" } else { "performance" }.into();
        shown["cpus"] = self.cpus.into();
        shown["memory_mb"] = self.memory.into();
        shown
    }

    /// What it costs in an hour while it is up.
    pub(super) fn hourly(self) -> f64 {
        let (base, included) = if self.shared { (2.02, 256) } else { (32.19, 2048) };
        let extra = f64::from(self.memory - included * self.cpus) / 1024.0;
        (base * f64::from(self.cpus) + extra * MEMORY) / MONTH
    }
}

/// What so many gibibytes of disk cost in an hour.
pub(super) fn disk_hourly(gibibytes: u32) -> f64 {
    f64::from(gibibytes) * DISK / MONTH
}

/// What an IPv4 address of one's own costs in an hour.
pub(super) fn address_hourly() -> f64 {
    ADDRESS / MONTH
}
