//! What Vultr sells: a part of its catalogue, with the prices of August 2026.

use serde_json::{Value, json};

/// A plan.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) id: &'static str,
    pub(super) vcpus: u32,
    /// Mebibytes.
    pub(super) ram: u32,
    /// Gibibytes.
    pub(super) disk: u32,
    pub(super) bandwidth: u32,
    /// Dollars.
    monthly: u32,
    pub(super) kind: &'static str,
    pub(super) locations: &'static [&'static str],
}

/// An operating system.
#[derive(Debug)]
pub(super) struct Os {
    pub(super) id: u64,
    pub(super) name: &'static str,
    family: &'static str,
}

/// The id that stands for an image made from a snapshot.
pub(super) const OF_SNAPSHOT: u64 = 164;

/// Region, city, country, continent.
const REGIONS: &[[&str; 4]] = &[
    ["ams", "Amsterdam", "NL", "Europe"],
    ["dfw", "Dallas", "US", "North America"],
    ["ewr", "New Jersey", "US", "North America"],
    ["fra", "Frankfurt", "DE", "Europe"],
    ["lax", "Los Angeles", "US", "North America"],
    ["nrt", "Tokyo", "JP", "Asia"],
    ["ord", "Chicago", "US", "North America"],
    ["sgp", "Singapore", "SG", "Asia"],
];

const EVERYWHERE: &[&str] = &["ams", "dfw", "ewr", "fra", "lax", "nrt", "ord", "sgp"];
const FAST: &[&str] = &["ams", "dfw", "ewr", "fra", "lax", "ord"];
const GPU: &[&str] = &["ewr"];

const PLANS: &[Plan] = &[
    plan("vc2-1c-1gb", (1, 1024, 25), (1024, 5), "vc2", EVERYWHERE),
    plan("vc2-1c-2gb", (1, 2048, 55), (2048, 10), "vc2", EVERYWHERE),
    plan("vc2-2c-2gb", (2, 2048, 65), (3072, 15), "vc2", EVERYWHERE),
    plan("vc2-2c-4gb", (2, 4096, 80), (3072, 20), "vc2", EVERYWHERE),
    plan("vc2-4c-8gb", (4, 8192, 160), (4096, 40), "vc2", EVERYWHERE),
    plan("vc2-6c-16gb", (6, 16_384, 320), (5120, 80), "vc2", EVERYWHERE),
    plan("vhf-1c-1gb", (1, 1024, 32), (1024, 6), "vhf", FAST),
    plan("vhp-1c-1gb-amd", (1, 1024, 25), (2048, 6), "vhp", FAST),
    plan("voc-c-1c-2gb-25s-amd", (1, 2048, 25), (4096, 28), "voc", FAST),
    plan("vcg-a16-2c-16g-4vram", (2, 16_384, 80), (2048, 86), "vcg", GPU),
];

const SYSTEMS: &[Os] = &[
    Os { id: 159, name: "Custom", family: "iso" },
    Os { id: OF_SNAPSHOT, name: "Snapshot", family: "snapshot" },
    Os { id: 180, name: "Backup", family: "backup" },
    Os { id: 186, name: "Application", family: "application" },
    Os { id: 477, name: "Debian 11 x64 (bullseye)", family: "debian" },
    Os { id: 1743, name: "Ubuntu 22.04 LTS x64", family: "ubuntu" },
    Os { id: 1868, name: "AlmaLinux 9 x64", family: "almalinux" },
    Os { id: 1869, name: "Rocky Linux 9 x64", family: "rockylinux" },
    Os { id: 2136, name: "Debian 12 x64 (bookworm)", family: "debian" },
    Os { id: 2284, name: "Ubuntu 24.04 LTS x64", family: "ubuntu" },
    Os { id: 2571, name: "Fedora 42 x64", family: "fedora" },
    Os { id: 2625, name: "Debian 13 x64 (trixie)", family: "debian" },
];

const fn plan(
    id: &'static str,
    (vcpus, ram, disk): (u32, u32, u32),
    (bandwidth, monthly): (u32, u32),
    kind: &'static str,
    locations: &'static [&'static str],
) -> Plan {
    Plan { id, vcpus, ram, disk, bandwidth, monthly, kind, locations }
}

/// All plans.
pub(super) fn plans() -> &'static [Plan] {
    PLANS
}

/// All operating systems.
pub(super) fn systems() -> &'static [Os] {
    SYSTEMS
}

/// The plan of that id.
pub(super) fn plan_of(id: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.id == id)
}

/// The operating system of that id.
pub(super) fn system(id: u64) -> Option<&'static Os> {
    SYSTEMS.iter().find(|os| os.id == id)
}

/// The region of that id, as it is written here.
pub(super) fn region(id: &str) -> Option<&'static str> {
    REGIONS.iter().map(|[region, ..]| *region).find(|region| *region == id)
}

/// All regions as an answer shows them.
pub(super) fn show_regions() -> Vec<(String, Value)> {
    let options = ["ddos_protection", "block_storage_high_perf", "block_storage_storage_opt", "kubernetes"];
    let shown = REGIONS.iter().map(|[id, city, country, continent]| {
        let region = json!({"id": id, "city": city, "country": country, "continent": continent, "options": options});
        ((*id).to_owned(), region)
    });
    shown.collect()
}

impl Plan {
    /// What it costs in an hour, in dollars: a month has 672 of them, or 730 for those with a graphics processor.
    pub(super) fn hourly(&self) -> f64 {
        f64::from(self.monthly) / if self.kind == "vcg" { 730.0 } else { 672.0 }
    }

    /// As an answer shows it.
    pub(super) fn show(&self) -> Value {
        json!({
            "id": self.id,
            "vcpu_count": self.vcpus,
            "ram": self.ram,
            "disk": self.disk,
            "disk_count": 1,
            "bandwidth": self.bandwidth,
            "monthly_cost": self.monthly,
            "type": self.kind,
            "locations": self.locations,
        })
    }
}

impl Os {
    /// Whether it can be asked for by its id, and does not stand for something else.
    pub(super) fn is_real(&self) -> bool {
        self.id > 186
    }

    /// As an answer shows it.
    pub(super) fn show(&self) -> Value {
        json!({"id": self.id, "name": self.name, "arch": "x64", "family": self.family})
    }
}
