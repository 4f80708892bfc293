//! A volume as it is, and as an answer shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::digitalocean::answer::time;
use crate::digitalocean::catalog;

/// What a gibibyte costs in an hour, in dollars: ten cents in a month of 672 hours.
const GIBIBYTE: f64 = 0.10 / 672.0;

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) region: String,
    /// Gibibytes.
    pub(super) size: u64,
    pub(super) description: String,
    pub(super) filesystem: String,
    pub(super) label: String,
    pub(super) tags: Vec<String>,
    pub(super) created_at: Timestamp,
    /// The droplet that it is attached to.
    pub(super) droplet: Option<u64>,
}

impl Volume {
    /// What it costs in an hour.
    pub(super) fn hourly(&self) -> f64 {
        f64::from(u32::try_from(self.size).unwrap_or(u32::MAX)) * GIBIBYTE
    }

    /// What it costs from now on.
    pub(super) fn charge(&self, id: &str, now: Timestamp) -> Charge {
        let mut markers = self.tags.clone();
        markers.extend(Some(self.description.clone()).filter(|text| !text.is_empty()));
        let (kind, id, name) = ("volume".to_owned(), id.to_owned(), self.name.clone());
        Charge { kind, id, name, markers, hourly: self.hourly(), from: now, until: None }
    }

    /// As an answer shows it.
    pub(super) fn show(&self, id: &str) -> Value {
        json!({
            "id": id,
            "name": self.name,
            "region": catalog::region(&self.region).map(catalog::Region::show),
            "size_gigabytes": self.size,
            "description": self.description,
            "filesystem_type": self.filesystem,
            "filesystem_label": self.label,
            "droplet_ids": Vec::from_iter(self.droplet),
            "created_at": time(self.created_at),
            "tags": self.tags,
        })
    }
}
