//! A droplet as it is, and as an answer shows it.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bill::Charge;
use crate::call::Call;
use crate::clock::after;
use crate::digitalocean::answer::time;
use crate::digitalocean::catalog;
use crate::digitalocean::images;
use crate::digitalocean::world::{Moment, World};
use crate::guests::Guest;

/// A droplet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Droplet {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) size: String,
    /// Gibibytes; not always those of the size.
    pub(super) disk: u32,
    /// The slug of a public image or the id of a snapshot.
    pub(super) image: String,
    /// `new`, `active`, `off`, `archive`, or whatever it was set to.
    pub(super) status: String,
    pub(super) features: Vec<String>,
    pub(super) tags: Vec<String>,
    /// Since when the tags are on it.
    pub(super) tags_at: Timestamp,
    pub(super) created_at: Timestamp,
    /// Since when it is found by its id.
    pub(super) found_at: Timestamp,
    /// Since when it is in lists.
    pub(super) listed_at: Timestamp,
    /// Since when it is destroyed.
    pub(super) gone_at: Option<Timestamp>,
    /// The action that it is locked by.
    pub(super) pending: Option<u64>,
    /// The machine behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) guest: Option<Guest>,
}

/// A droplet as an answer shows it.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    id: u64,
    name: &'a str,
    memory: u32,
    vcpus: u32,
    disk: u32,
    disk_info: Value,
    locked: bool,
    status: &'a str,
    kernel: (),
    created_at: String,
    features: &'a [String],
    backup_ids: [u64; 0],
    next_backup_window: (),
    snapshot_ids: Vec<u64>,
    image: Cow<'static, Value>,
    volume_ids: Vec<&'a String>,
    size: Option<&'static Value>,
    size_slug: &'a str,
    networks: Value,
    region: Option<&'static Value>,
    tags: Vec<String>,
    vpc_uuid: &'a str,
}

impl Droplet {
    /// Whether it is there, in truth.
    pub(super) fn is_there(&self) -> bool {
        self.gone_at.is_none()
    }

    /// Whether it is found by its id.
    pub(super) fn is_found(&self, moment: &Moment<'_>) -> bool {
        self.found_at <= moment.now && self.lingers(moment.now, moment)
    }

    /// Whether the list that `call` asks for has it.
    pub(super) fn is_listed(&self, moment: &Moment<'_>, call: &Call) -> bool {
        let as_of = moment.now.checked_sub(call.veil.stale.unwrap_or_default()).unwrap_or(Timestamp::MIN);
        self.listed_at <= as_of && self.lingers(as_of, moment)
    }

    fn lingers(&self, at: Timestamp, moment: &Moment<'_>) -> bool {
        self.gone_at.is_none_or(|gone| at < after(gone, moment.sim.quirks.lingering))
    }

    /// Its tags, as far as they are applied.
    pub(super) fn tags(&self, moment: &Moment<'_>) -> &[String] {
        if self.tags_at <= moment.now { &self.tags } else { &[] }
    }

    /// What it costs from now on.
    pub(super) fn charge(&self, now: Timestamp) -> Charge {
        Charge {
            kind: "machine".to_owned(),
            id: self.id.to_string(),
            name: self.name.clone(),
            markers: self.tags.clone(),
            hourly: catalog::size_of(&self.size).map_or(0.0, |size| size.hourly),
            from: now,
            until: None,
        }
    }

    /// As an answer shows it.
    pub(super) fn show<'a>(&'a self, world: &'a World, moment: &Moment<'_>) -> Shown<'a> {
        let size = catalog::size_of(&self.size);
        let of_it = |id: &Option<u64>| *id == Some(self.id);
        let snapshots = world.snapshots.iter().filter(|(_, snapshot)| of_it(&snapshot.droplet));
        Shown {
            id: self.id,
            name: &self.name,
            memory: size.map_or(1024, |size| size.memory),
            vcpus: size.map_or(1, |size| size.vcpus),
            disk: self.disk,
            disk_info: json!([{"type": "local", "size": {"amount": self.disk, "unit": "gib"}}]),
            locked: self.pending.is_some(),
            status: &self.status,
            kernel: (),
            created_at: time(self.created_at),
            features: &self.features,
            backup_ids: [],
            next_backup_window: (),
            snapshot_ids: snapshots.filter_map(|(id, _)| id.parse().ok()).collect(),
            image: images::show(world, &self.image),
            volume_ids: world.volumes.iter().filter(|(_, volume)| of_it(&volume.droplet)).map(|(id, _)| id).collect(),
            size: size.map(catalog::Size::show),
            size_slug: &self.size,
            networks: self.networks(),
            region: catalog::region(&self.region).map(catalog::Region::show),
            tags: self.tags(moment).to_vec(),
            vpc_uuid: &world.vpc,
        }
    }

    /// Its addresses, which it has from when it first was active.
    fn networks(&self) -> Value {
        if self.status == "new" {
            return json!({"v4": [], "v6": []});
        }
        let low = u32::try_from(self.id % 131_072).unwrap_or_default();
        // The range that is set aside for measuring networks: nothing of the world's is there.
        let unreal = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + low);
        let public = self.guest.as_ref().map_or(unreal, |guest| guest.address);
        let private = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 116, 0, 0)) + low);
        let v6 = if self.features.iter().any(|feature| feature == "ipv6") {
            json!([{
                "ip_address": format!("2001:db8:400::{:x}:{:x}", low >> 16, low & 0xffff),
                "netmask": 64, "gateway": "2001:db8:400::1", "type": "public",
            }])
        } else {
            json!([])
        };
        json!({
            "v4": [
                {"ip_address": private, "netmask": "255.254.0.0", "gateway": "10.116.0.1", "type": "private"},
                {"ip_address": public, "netmask": "255.254.0.0", "gateway": "198.18.0.1", "type": "public"},
            ],
            "v6": v6,
        })
    }
}
