//! How big machines can be.

use machine_core::{Error, ErrorKind, Price, Result, Size, SizeRequest, nearest};

use crate::prices::Prices;
use crate::wire::requests::Guest;

/// What a machine is where nobody says.
pub(crate) const DEFAULT: &str = "shared-cpu-1x";

/// Memory comes in steps of this many MiB.
const STEP: u64 = 256;

/// A kind of processor.
pub(crate) struct Kind {
    /// As it stands in a request.
    pub(crate) name: &'static str,
    /// As it stands in the name of a preset.
    preset: &'static str,
    /// How many there can be.
    counts: &'static [u32],
    /// The memory that comes with one, in MiB.
    least: u64,
    /// The most memory for one, in MiB.
    most: u64,
}

const KINDS: &[Kind] = &[
    Kind { name: "shared", preset: "shared-cpu", counts: &[1, 2, 4, 6, 8], least: 256, most: 2_048 },
    Kind {
        name: "performance",
        preset: "performance",
        counts: &[1, 2, 4, 6, 8, 10, 12, 14, 16],
        least: 2_048,
        most: 8_192,
    },
];

/// The machine that is asked for.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a size that there is not.
pub(crate) fn guest(asked: &SizeRequest, default: &str) -> Result<Guest> {
    match asked {
        SizeRequest::Named(name) => named(name),
        SizeRequest::Need { cpus, memory_mib } => needed(*cpus, *memory_mib),
        _ => named(default),
    }
}

/// A preset by its name, which may have another amount of memory behind it: `shared-cpu-1x:512MB`.
fn named(name: &str) -> Result<Guest> {
    let (preset, memory) = name.split_once(':').map_or((name, None), |(preset, memory)| (preset, Some(memory)));
    let unknown = || {
        let known: Vec<String> = presets().map(|(kind, count)| id(kind, count)).collect();
        let near = nearest(preset, known.iter().map(String::as_str));
        Error::new(ErrorKind::Invalid, format!("no size is called `{name}`")).with_hint(match near.as_slice() {
            [] => {
                "`fly platform vm-sizes` shows what there is; memory can follow, as in `shared-cpu-1x:512MB`".to_owned()
            }
            near => format!("did you mean {}?", near.join(", ")),
        })
    };
    let (kind, count) = presets().find(|(kind, count)| id(kind, *count) == preset).ok_or_else(unknown)?;
    let least = kind.least * u64::from(count);
    let memory = match memory {
        None => least,
        Some(text) => text.strip_suffix("MB").and_then(|number| number.parse().ok()).ok_or_else(unknown)?,
    };
    let most = kind.most * u64::from(count);
    if memory % STEP != 0 || !(least..=most).contains(&memory) {
        let what = format!("`{preset}` cannot have {memory} MB of memory");
        return Err(Error::new(ErrorKind::Invalid, what).with_hint(format!("{least} to {most} MB in steps of {STEP}")));
    }
    Ok(Guest { cpu_kind: kind.name.to_owned(), cpus: count, memory_mb: memory })
}

/// The cheapest that has at least that much.
fn needed(cpus: Option<f64>, memory_mib: Option<u64>) -> Result<Guest> {
    let (cpus, memory) = (cpus.unwrap_or(1.0), memory_mib.unwrap_or(0));
    let fitting = presets().filter_map(|(kind, count)| {
        let memory_mb = memory.checked_next_multiple_of(STEP)?.max(kind.least * u64::from(count));
        let fits = f64::from(count) >= cpus && memory_mb <= kind.most * u64::from(count);
        fits.then(|| Guest { cpu_kind: kind.name.to_owned(), cpus: count, memory_mb })
    });
    fitting.min_by_key(|guest| price(guest, &Prices::LISTED).map(|price| price.hourly)).ok_or_else(|| {
        let what = format!("no size has {cpus} processors and {memory} MiB of memory");
        Error::new(ErrorKind::Invalid, what).with_hint("the largest has 16 processors and 131072 MiB")
    })
}

fn presets() -> impl Iterator<Item = (&'static Kind, u32)> {
    KINDS.iter().flat_map(|kind| kind.counts.iter().map(move |count| (kind, *count)))
}

fn id(kind: &Kind, count: u32) -> String {
    format!("{}-{count}x", kind.preset)
}

/// The name of a size, under which it can be asked for again.
pub(crate) fn name_of(cpu_kind: &str, cpus: u32, memory_mb: u64) -> String {
    match KINDS.iter().find(|kind| kind.name == cpu_kind) {
        Some(kind) if memory_mb == kind.least * u64::from(cpus) => id(kind, cpus),
        Some(kind) => format!("{}:{memory_mb}MB", id(kind, cpus)),
        None => format!("{cpu_kind}-{cpus}x:{memory_mb}MB"),
    }
}

/// What a machine of that size costs while it runs in the cheapest regions, where that is known.
pub(crate) fn price(guest: &Guest, prices: &Prices) -> Option<Price> {
    let kind = KINDS.iter().find(|kind| kind.name == guest.cpu_kind)?;
    let beyond = guest.memory_mb.checked_sub(kind.least * u64::from(guest.cpus))?;
    prices.hour(kind, guest.cpus, beyond)
}

/// All presets, cheapest first.
pub(crate) fn all(prices: &Prices) -> Vec<Size> {
    let size = |(kind, count): (&Kind, u32)| {
        let memory_mib = kind.least * u64::from(count);
        let guest = Guest { cpu_kind: kind.name.to_owned(), cpus: count, memory_mb: memory_mib };
        Size {
            id: id(kind, count),
            cpus: f64::from(count),
            memory_mib,
            disk_gib: None,
            price: price(&guest, prices),
            regions: Vec::new(),
        }
    };
    let mut sizes: Vec<Size> = presets().map(size).collect();
    sizes.sort_by_key(|size| size.price.map(|price| price.hourly));
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(asked: &SizeRequest) -> Result<String> {
        guest(asked, DEFAULT).map(|guest| name_of(&guest.cpu_kind, guest.cpus, guest.memory_mb))
    }

    #[test]
    fn sizes_by_name() {
        for name in ["shared-cpu-1x", "performance-16x", "shared-cpu-1x:512MB", "performance-1x:8192MB"] {
            assert_eq!(told(&SizeRequest::Named(name.to_owned())).unwrap(), name);
        }
        assert_eq!(told(&SizeRequest::Default).unwrap(), DEFAULT);
        for name in ["", "shared-cpu-3x", "shared-cpu-1x:300MB", "shared-cpu-1x:4096MB", "shared-cpu-1x:x"] {
            assert_eq!(told(&SizeRequest::Named(name.to_owned())).unwrap_err().kind(), ErrorKind::Invalid, "{name}");
        }
        let error = told(&SizeRequest::Named("shared-cpu-1".to_owned())).unwrap_err();
        assert!(error.hint().unwrap().contains("shared-cpu-1x"), "{error:?}");
    }

    #[test]
    fn the_cheapest_that_is_enough() {
        let rows: &[(Option<f64>, Option<u64>, &str)] = &[
            (Some(1.0), Some(256), "shared-cpu-1x"),
            (Some(0.5), None, "shared-cpu-1x"),
            (None, Some(257), "shared-cpu-1x:512MB"),
            (None, Some(3_000), "shared-cpu-2x:3072MB"),
            (Some(3.0), Some(100), "shared-cpu-4x"),
            (Some(9.0), None, "performance-10x"),
            (Some(1.0), Some(20_000), "performance-4x:20224MB"),
        ];
        for (cpus, memory_mib, expected) in rows {
            let asked = SizeRequest::Need { cpus: *cpus, memory_mib: *memory_mib };
            assert_eq!(told(&asked).unwrap(), *expected, "{asked:?}");
        }
        for (cpus, memory_mib) in
            [(Some(17.0), None), (None, Some(131_073)), (None, Some(u64::MAX)), (Some(f64::NAN), None)]
        {
            assert!(told(&SizeRequest::Need { cpus, memory_mib }).is_err(), "{cpus:?} {memory_mib:?}");
        }
    }

    #[test]
    fn prices_are_those_of_the_list() {
        let sizes = all(&Prices::LISTED);
        assert!(sizes.is_sorted_by_key(|size| size.price.unwrap().hourly));
        let monthly = |name: &str| {
            let price = price(&named(name).unwrap(), &Prices::LISTED).unwrap();
            (price.hourly.micros() * 720 + 5_000) / 10_000
        };
        // In cents.
        assert_eq!((monthly("shared-cpu-1x"), monthly("performance-1x")), (202, 3_219));
        assert_eq!(monthly("shared-cpu-1x:1280MB"), 702, "a GiB more is five dollars more");
    }
}
