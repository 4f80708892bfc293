//! What DigitalOcean sells: a part of its catalogue, with the prices of August 2026.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

/// What answers show of the catalogue, by slug. Made once: a page of droplets shows each of these up to 200 times.
static SHOWN_REGIONS: LazyLock<BTreeMap<&str, Value>> =
    LazyLock::new(|| REGIONS.iter().map(|region| (region.slug, region.shown())).collect());
static SHOWN_SIZES: LazyLock<BTreeMap<&str, Value>> =
    LazyLock::new(|| SIZES.iter().map(|size| (size.slug, size.shown())).collect());
static SHOWN_IMAGES: LazyLock<BTreeMap<&str, Value>> =
    LazyLock::new(|| IMAGES.iter().map(|image| (image.slug, image.shown())).collect());

/// A region.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) slug: &'static str,
    name: &'static str,
    /// Whether it takes new droplets.
    pub(super) available: bool,
}

/// A size.
#[derive(Debug)]
pub(super) struct Size {
    pub(super) slug: &'static str,
    /// Mebibytes.
    pub(super) memory: u32,
    pub(super) vcpus: u32,
    /// Gibibytes.
    pub(super) disk: u32,
    transfer: f64,
    monthly: f64,
    /// Dollars.
    pub(super) hourly: f64,
    regions: &'static [&'static str],
    description: &'static str,
}

/// An image that everybody can use.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) id: u64,
    pub(super) slug: &'static str,
    name: &'static str,
    distribution: &'static str,
    /// Whether it is a system alone, and not one with a program in it.
    pub(super) plain: bool,
}

const REGIONS: &[Region] = &[
    Region { slug: "nyc1", name: "New York 1", available: true },
    Region { slug: "nyc3", name: "New York 3", available: true },
    Region { slug: "sfo2", name: "San Francisco 2", available: false },
    Region { slug: "sfo3", name: "San Francisco 3", available: true },
    Region { slug: "ams3", name: "Amsterdam 3", available: true },
    Region { slug: "fra1", name: "Frankfurt 1", available: true },
    Region { slug: "lon1", name: "London 1", available: true },
    Region { slug: "sgp1", name: "Singapore 1", available: true },
];

const EVERYWHERE: &[&str] = &["nyc1", "nyc3", "sfo3", "ams3", "fra1", "lon1", "sgp1"];
const LARGE: &[&str] = &["nyc1", "nyc3", "sfo3", "ams3", "fra1"];
const GPU: &[&str] = &["nyc3"];

const SIZES: &[Size] = &[
    size("s-1vcpu-512mb-10gb", (512, 1, 10), (0.5, 4.0, 0.00595), EVERYWHERE, "Basic"),
    size("s-1vcpu-1gb", (1024, 1, 25), (1.0, 6.0, 0.00893), EVERYWHERE, "Basic"),
    size("s-1vcpu-2gb", (2048, 1, 50), (2.0, 12.0, 0.01786), EVERYWHERE, "Basic"),
    size("s-2vcpu-2gb", (2048, 2, 60), (3.0, 18.0, 0.02679), EVERYWHERE, "Basic"),
    size("s-2vcpu-4gb", (4096, 2, 80), (4.0, 24.0, 0.03571), EVERYWHERE, "Basic"),
    size("s-4vcpu-8gb", (8192, 4, 160), (5.0, 48.0, 0.07143), EVERYWHERE, "Basic"),
    size("s-8vcpu-16gb", (16_384, 8, 320), (6.0, 96.0, 0.14286), EVERYWHERE, "Basic"),
    size("c-2", (4096, 2, 25), (4.0, 42.0, 0.0625), LARGE, "CPU-Optimized"),
    size("g-2vcpu-8gb", (8192, 2, 25), (4.0, 63.0, 0.09375), LARGE, "General Purpose"),
    size("m-2vcpu-16gb", (16_384, 2, 50), (4.0, 84.0, 0.125), LARGE, "Memory-Optimized"),
    size("gpu-h100x1-80gb", (245_760, 20, 720), (15.0, 2522.16, 3.39), GPU, "H100 GPU - 1X"),
];

const IMAGES: &[Image] = &[
    image(155_133_621, "ubuntu-24-04-x64", "24.04 (LTS) x64", "Ubuntu"),
    image(129_211_873, "ubuntu-22-04-x64", "22.04 (LTS) x64", "Ubuntu"),
    image(139_004_229, "debian-12-x64", "12 x64", "Debian"),
    image(194_567_120, "debian-13-x64", "13 x64", "Debian"),
    image(189_243_551, "fedora-42-x64", "42 x64", "Fedora"),
    image(133_555_092, "rockylinux-9-x64", "9 x64", "Rocky Linux"),
    image(133_555_064, "centos-stream-9-x64", "9 Stream x64", "CentOS"),
    Image {
        id: 172_148_211,
        slug: "docker-20-04",
        name: "Docker on Ubuntu 22.04",
        distribution: "Ubuntu",
        plain: false,
    },
];

const fn size(
    slug: &'static str,
    (memory, vcpus, disk): (u32, u32, u32),
    (transfer, monthly, hourly): (f64, f64, f64),
    regions: &'static [&'static str],
    description: &'static str,
) -> Size {
    Size { slug, memory, vcpus, disk, transfer, monthly, hourly, regions, description }
}

const fn image(id: u64, slug: &'static str, name: &'static str, distribution: &'static str) -> Image {
    Image { id, slug, name, distribution, plain: true }
}

/// All regions.
pub(super) fn regions() -> &'static [Region] {
    REGIONS
}

/// All sizes.
pub(super) fn sizes() -> &'static [Size] {
    SIZES
}

/// All images that everybody can use.
pub(super) fn images() -> &'static [Image] {
    IMAGES
}

/// The region of that slug.
pub(super) fn region(slug: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.slug == slug)
}

/// The size of that slug.
pub(super) fn size_of(slug: &str) -> Option<&'static Size> {
    SIZES.iter().find(|size| size.slug == slug)
}

impl Region {
    /// As an answer shows it.
    pub(super) fn show(&self) -> &'static Value {
        &SHOWN_REGIONS[self.slug]
    }

    fn shown(&self) -> Value {
        let sold = SIZES.iter().filter(|size| size.regions.contains(&self.slug));
        let sizes: Vec<_> = sold.map(|size| size.slug).collect();
        let features =
            ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer", "private_networking"];
        json!({
            "name": self.name, "slug": self.slug, "features": features, "available": self.available, "sizes": sizes,
        })
    }
}

impl Size {
    /// Whether it is sold there.
    pub(super) fn is_in(&self, region: &str) -> bool {
        self.regions.contains(&region)
    }

    /// Whether it has a graphics processor.
    pub(super) fn is_gpu(&self) -> bool {
        self.slug.starts_with("gpu-")
    }

    /// As an answer shows it.
    pub(super) fn show(&self) -> &'static Value {
        &SHOWN_SIZES[self.slug]
    }

    fn shown(&self) -> Value {
        json!({
            "slug": self.slug,
            "memory": self.memory,
            "vcpus": self.vcpus,
            "disk": self.disk,
            "transfer": self.transfer,
            "price_monthly": self.monthly,
            "price_hourly": self.hourly,
            "regions": self.regions,
            "available": true,
            "description": self.description,
        })
    }
}

impl Image {
    /// As an answer shows it.
    pub(super) fn show(&self) -> &'static Value {
        &SHOWN_IMAGES[self.slug]
    }

    fn shown(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "type": if self.plain { "base" } else { "snapshot" },
            "distribution": self.distribution,
            "slug": self.slug,
            "public": true,
            "regions": EVERYWHERE,
            "created_at": "2026-01-15T12:00:00Z",
            "min_disk_size": if self.plain { 7 } else { 25 },
            "size_gigabytes": 0.6,
            "description": format!("{} {}", self.distribution, self.name),
            "tags": [],
            "status": "available",
            "error_message": "",
        })
    }
}
