//! A droplet as a machine.

use std::net::IpAddr;

use machine_core::{Addresses, Machine, MachineState, VolumeId, VolumeMount};
use serde::Deserialize;
use serde_json::json;

use super::{Tags, price, timestamp};
use crate::kind::KIND;
use crate::wire;

/// What a machine that somebody works on says of itself.
const BUSY: &str = "DigitalOcean is working on this machine; until it is done nothing else can be done to it";

/// The state in our words of a droplet whose status is this.
pub(crate) fn state(status: &str) -> MachineState {
    match status {
        "new" => MachineState::Pending,
        "active" => MachineState::Running,
        // An archived one cannot be started until somebody has brought it back; it has come to rest all the same.
        "off" | "archive" => MachineState::Stopped,
        other => other.into(),
    }
}

/// A droplet of a list. It becomes a machine as it is read, so that of a long list nothing else is kept.
#[derive(Debug, Deserialize)]
#[serde(from = "wire::Droplet")]
pub(crate) struct Listed(pub(crate) Machine);

impl From<wire::Droplet> for Listed {
    fn from(droplet: wire::Droplet) -> Self {
        Self(machine(droplet))
    }
}

/// The machine that a droplet is.
pub(crate) fn machine(droplet: wire::Droplet) -> Machine {
    let status = droplet.status.unwrap_or_else(|| "unknown".to_owned());
    let tags = Tags::read(&droplet.tags.unwrap_or_default());
    let volumes = mounts(droplet.volume_ids.unwrap_or_default(), &tags);
    let size = droplet.size.unwrap_or_default();
    let image = droplet.image.unwrap_or_default();
    let image_id = image.id.map(|id| id.to_string());
    let mut notes = Vec::new();
    // That it is being made is what its state says.
    if droplet.locked == Some(true) && status != "new" {
        notes.push(BUSY.to_owned());
    }
    if status == "archive" {
        notes.push("this machine is archived: it cannot be started until DigitalOcean has brought it back".to_owned());
    }
    notes.extend(volumes.iter().map(|mount| format!(
        "volume `{}` is attached as a disk; an image of Debian or Ubuntu shows it below /mnt, and anything else is up to user data",
        mount.volume
    )));
    Machine {
        state: state(&status),
        region: droplet.region.and_then(|region| region.slug),
        price: price(&size),
        size: droplet.size_slug.filter(|slug| !slug.is_empty()).or(size.slug),
        image: image.slug.filter(|slug| !slug.is_empty()).or(image_id).or(image.name),
        created_at: timestamp(droplet.created_at.as_deref()),
        addresses: addresses(droplet.networks.unwrap_or_default()),
        labels: tags.labels,
        tags: tags.plain,
        markers: tags.markers,
        volumes,
        notes,
        details: json!({ "locked": droplet.locked, "vpc_uuid": droplet.vpc_uuid }),
        ..Machine::new(droplet.id.to_string(), droplet.name, KIND, status)
    }
}

/// Whether something is being done to it.
pub(crate) fn is_locked(machine: &Machine) -> bool {
    machine.details["locked"] == true
}

/// The volumes that the droplet has. Where they are meant to show is known of those that we attached.
fn mounts(ids: Vec<String>, tags: &Tags) -> Vec<VolumeMount> {
    ids.into_iter()
        .map(|id| VolumeMount { path: tags.mounts.get(&id).cloned().unwrap_or_default(), volume: VolumeId::new(id) })
        .collect()
}

fn addresses(networks: wire::Networks) -> Addresses {
    let mut addresses = Addresses::default();
    for one in networks.v4.into_iter().chain(networks.v6).flatten() {
        let Some(ip) = one.ip_address.and_then(|ip| ip.parse::<IpAddr>().ok()) else { continue };
        let list = match one.kind.as_deref() {
            Some("private") => &mut addresses.private,
            _ => &mut addresses.public,
        };
        if !ip.is_unspecified() && !list.contains(&ip) {
            list.push(ip);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use machine_core::Money;

    use super::*;

    fn read(droplet: serde_json::Value) -> Machine {
        machine(serde_json::from_value(droplet).unwrap())
    }

    #[test]
    fn states_row_by_row() {
        for (status, ours) in [
            ("new", MachineState::Pending),
            ("active", MachineState::Running),
            ("off", MachineState::Stopped),
            ("archive", MachineState::Stopped),
            ("frobnicating", MachineState::Other("frobnicating".to_owned())),
        ] {
            let machine = read(json!({"id": 1, "name": "web", "status": status}));
            assert_eq!((machine.state, machine.raw_state.as_str()), (ours, status));
        }
    }

    #[test]
    fn a_whole_droplet() {
        let volume = "506f78a4-e098-11e5-ad9f-000f53306ae1";
        let machine = read(json!({
            "id": 3_164_494, "name": "web-1", "status": "active", "locked": true, "created_at": "2020-07-21T18:37:44Z",
            "image": {"id": 63_663_980, "name": "12 x64", "slug": "debian-12-x64"}, "size_slug": "s-1vcpu-1gb",
            "size": {"slug": "s-1vcpu-1gb", "price_hourly": 0.00893, "price_monthly": 6.0},
            "networks": {"v4": [
                {"ip_address": "10.128.192.124", "netmask": "255.255.0.0", "gateway": "nil", "type": "private"},
                {"ip_address": "192.241.165.154", "netmask": "255.255.255.0", "type": "public"},
                {"ip_address": "soon", "type": "public"}
            ], "v6": [{"ip_address": "2604:a880::1", "netmask": 64, "type": "public"}]},
            "region": {"slug": "nyc3", "name": "New York 3"}, "tags": ["web", "team:blue", format!("machine:volume:{volume}::srv")],
            "volume_ids": [volume, "b"], "unheard_of": [1]
        }));
        assert_eq!((machine.id.as_str(), machine.region.as_deref()), ("3164494", Some("nyc3")));
        assert_eq!(machine.addresses.public.len(), 2);
        assert_eq!(machine.addresses.private, ["10.128.192.124".parse::<IpAddr>().unwrap()]);
        assert_eq!(machine.price.unwrap().hourly, Money::from_micros(8_930));
        assert_eq!(machine.image.as_deref(), Some("debian-12-x64"));
        assert!(machine.tags.contains(&"web".to_owned()), "{:?}", machine.tags);
        let paths: Vec<_> = machine.volumes.iter().map(|mount| mount.path.as_str()).collect();
        assert_eq!(paths, ["/srv", ""]);
        assert!(is_locked(&machine) && machine.notes[0] == BUSY);
    }

    #[test]
    fn what_was_only_just_made_has_hardly_anything() {
        for droplet in [
            json!({"id": 1, "name": "web"}),
            json!({"id": 1, "name": "web", "status": "new", "networks": {"v4": [], "v6": []}, "region": {}, "image": {}, "size": {}}),
            json!({"id": 1, "name": "web", "status": null, "networks": null, "region": null, "tags": null, "volume_ids": null}),
        ] {
            let machine = read(droplet);
            assert_eq!((machine.addresses, machine.markers, machine.price), (Addresses::default(), None, None));
        }
    }
}
