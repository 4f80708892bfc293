//! `/v2/snapshots`: copies of droplets and of volumes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{missing, page, time};
use crate::digitalocean::droplet::Droplet;
use crate::digitalocean::volume::Volume;
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// What a gibibyte costs in an hour, in dollars: six cents in a month of 672 hours.
const GIBIBYTE: f64 = 0.06 / 672.0;

/// A snapshot of a droplet, which is an image too, or of a volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) name: String,
    pub(super) created_at: Timestamp,
    pub(super) region: String,
    /// Gibibytes.
    pub(super) min_disk: u32,
    /// What is really in it, in gibibytes.
    pub(super) size: f64,
    pub(super) droplet: Option<u64>,
    pub(super) volume: Option<String>,
    pub(super) tags: Vec<String>,
}

impl Snapshot {
    /// Of a droplet, now.
    pub(super) fn of_droplet(droplet: &Droplet, name: String, now: Timestamp) -> Self {
        Self {
            name,
            created_at: now,
            region: droplet.region.clone(),
            min_disk: droplet.disk,
            size: 2.34,
            droplet: Some(droplet.id),
            volume: None,
            tags: Vec::new(),
        }
    }

    /// Of a volume, now.
    pub(super) fn of_volume(id: &str, volume: &Volume, name: String, now: Timestamp) -> Self {
        Self {
            name,
            created_at: now,
            region: volume.region.clone(),
            min_disk: u32::try_from(volume.size).unwrap_or(u32::MAX),
            size: 0.5,
            droplet: None,
            volume: Some(id.to_owned()),
            tags: Vec::new(),
        }
    }

    /// What it costs from now on.
    pub(super) fn charge(&self, id: &str, now: Timestamp) -> Charge {
        let mut markers = self.tags.clone();
        markers.push(self.name.clone());
        let (kind, id, name) = ("snapshot".to_owned(), id.to_owned(), self.name.clone());
        Charge { kind, id, name, markers, hourly: self.size * GIBIBYTE, from: now, until: None }
    }

    /// As an answer shows it.
    pub(super) fn show(&self, id: &str) -> Value {
        let of = self.volume.clone().or(self.droplet.map(|id| id.to_string()));
        json!({
            "id": id,
            "name": self.name,
            "created_at": time(self.created_at),
            "regions": [self.region],
            "min_disk_size": self.min_disk,
            "size_gigabytes": self.size,
            "resource_id": of,
            "resource_type": if self.volume.is_some() { "volume" } else { "droplet" },
            "tags": self.tags,
        })
    }

    /// As an answer shows it below its droplet, where its id is a number.
    pub(super) fn show_below_droplet(&self, id: &str) -> Value {
        json!({
            "id": id.parse::<u64>().unwrap_or_default(),
            "name": self.name,
            "created_at": time(self.created_at),
            "regions": [self.region],
            "min_disk_size": self.min_disk,
            "size_gigabytes": self.size,
            "type": "snapshot",
        })
    }
}

/// `GET /v2/snapshots`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let kind = call.query("resource_type");
    let meant = |(_, snapshot): &(&String, &Snapshot)| match kind {
        Some("droplet") => snapshot.droplet.is_some(),
        Some("volume") => snapshot.volume.is_some(),
        _ => true,
    };
    let snapshots: Vec<_> = world.snapshots.iter().filter(meant).collect();
    Ok(page(call, "snapshots", &snapshots, |(id, snapshot)| snapshot.show(id)))
}

/// `GET /v2/snapshots/{id}` and `GET /v2/volumes/snapshots/{id}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = call.param("id");
    let snapshot = world.snapshots.get(id).ok_or_else(missing)?;
    Ok(Reply::json(200, &json!({"snapshot": snapshot.show(id)})))
}

/// `DELETE /v2/snapshots/{id}` and `DELETE /v2/volumes/snapshots/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let id = call.param("id");
    world.snapshots.remove(id).ok_or_else(missing)?;
    moment.sim.bill.close("snapshot", id, moment.now);
    Ok(Reply::nothing())
}
