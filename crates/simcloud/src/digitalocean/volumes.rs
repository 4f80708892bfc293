//! `/v2/volumes`: create, list, get, destroy and snapshot. What can be done to one is in `volume_actions.rs`.

use serde_json::json;

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{Refusal, body, invalid, missing, page, refuse, text, texts};
use crate::digitalocean::catalog;
use crate::digitalocean::snapshots::Snapshot;
use crate::digitalocean::tags;
use crate::digitalocean::volume::Volume;
use crate::digitalocean::world::{Moment, World};
use crate::ids;
use crate::reply::Reply;

/// The largest volume, in gibibytes.
pub(super) const LARGEST: u64 = 16 * 1024;

/// `POST /v2/volumes`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let name = text(&body, "name")?;
    check_name(name)?;
    let snapshot = match body["snapshot_id"].as_str().filter(|id| !id.is_empty()) {
        Some(id) => Some(world.snapshots.get(id).filter(|snapshot| snapshot.volume.is_some()).ok_or_else(missing)?),
        None => None,
    };
    let region = body["region"].as_str().or(snapshot.map(|snapshot| snapshot.region.as_str())).unwrap_or_default();
    let region = catalog::region(region).ok_or_else(|| invalid("You specified an invalid region."))?;
    if !region.available {
        return Err(invalid("Region is not available"));
    }
    let smallest = snapshot.map_or(1, |snapshot| u64::from(snapshot.min_disk));
    let size = body["size_gigabytes"].as_u64().or(snapshot.map(|_| smallest)).unwrap_or_default();
    if !(smallest..=LARGEST).contains(&size) {
        return Err(invalid(format!("size_gigabytes must be between {smallest} and {LARGEST}")));
    }
    let filesystem = body["filesystem_type"].as_str().unwrap_or_default();
    if !["", "ext4", "xfs"].contains(&filesystem) {
        return Err(invalid("invalid filesystem type"));
    }
    if world.volumes.values().any(|volume| volume.name == name && volume.region == region.slug) {
        return Err(refuse(409, "a volume with this name already exists in this region"));
    }
    let tags = texts(&body, "tags")?;
    tags::check_all(&tags)?;
    let own = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let volume = Volume {
        name: name.to_owned(),
        region: region.slug.to_owned(),
        size,
        description: own("description"),
        filesystem: filesystem.to_owned(),
        label: own("filesystem_label"),
        tags: world.spelled(&tags),
        created_at: moment.now,
        droplet: None,
    };
    let id = ids::uuid();
    moment.sim.bill.open(volume.charge(&id, moment.now));
    let shown = volume.show(&id);
    world.volumes.insert(id, volume);
    Ok(Reply::json(201, &json!({"volume": shown})))
}

/// `GET /v2/volumes`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let fits = |filter: &str, has: &str| call.query(filter).is_none_or(|wanted| wanted == has);
    let meant = |(_, volume): &(&String, &Volume)| fits("name", &volume.name) && fits("region", &volume.region);
    let volumes: Vec<_> = world.volumes.iter().filter(meant).collect();
    Ok(page(call, "volumes", &volumes, |(id, volume)| volume.show(id)))
}

/// `GET /v2/volumes/{id}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = call.param("id");
    let volume = world.volumes.get(id).ok_or_else(missing)?;
    Ok(Reply::json(200, &json!({"volume": volume.show(id)})))
}

/// `DELETE /v2/volumes/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    destroy(world, moment, call.param("id"))
}

/// `DELETE /v2/volumes?name=&region=`
pub(super) fn delete_by_name(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let (Some(name), Some(region)) = (call.query("name"), call.query("region")) else {
        return Err(invalid("name and region are required"));
    };
    let id = named(world, name, region).ok_or_else(missing)?;
    destroy(world, moment, &id)
}

/// `POST /v2/volumes/{id}/snapshots`
pub(super) fn snapshot(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let volume = world.volumes.get(call.param("id")).ok_or_else(missing)?;
    let name = text(&body, "name")?.to_owned();
    let tags = texts(&body, "tags")?;
    tags::check_all(&tags)?;
    let mut snapshot = Snapshot::of_volume(call.param("id"), volume, name, moment.now);
    snapshot.tags = world.spelled(&tags);
    let id = ids::uuid();
    moment.sim.bill.open(snapshot.charge(&id, moment.now));
    let shown = snapshot.show(&id);
    world.snapshots.insert(id, snapshot);
    Ok(Reply::json(201, &json!({"snapshot": shown})))
}

/// `GET /v2/volumes/{id}/snapshots`
pub(super) fn snapshots(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = call.param("id");
    if !world.volumes.contains_key(id) {
        return Err(missing());
    }
    let of_it = world.snapshots.iter().filter(|(_, snapshot)| snapshot.volume.as_deref() == Some(id));
    Ok(page(call, "snapshots", &of_it.collect::<Vec<_>>(), |(id, snapshot)| snapshot.show(id)))
}

/// The id of the volume of that name there.
pub(super) fn named(world: &World, name: &str, region: &str) -> Option<String> {
    let mut volumes = world.volumes.iter();
    volumes.find(|(_, volume)| volume.name == name && volume.region == region).map(|(id, _)| id.clone())
}

fn destroy(world: &mut World, moment: &Moment<'_>, id: &str) -> Answer {
    let volume = world.volumes.get(id).ok_or_else(missing)?;
    if volume.droplet.is_some() {
        return Err(refuse(409, "attached volume cannot be deleted"));
    }
    world.volumes.remove(id);
    world.assigned.remove(&format!("do:volume:{id}"));
    moment.sim.bill.close("volume", id, moment.now);
    if let Some(machines) = &moment.sim.machines {
        machines.drop_volume(id);
    }
    Ok(Reply::nothing())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let legal = name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.ends_with('-');
    if legal { Ok(()) } else { Err(invalid("invalid volume name: only lowercase letters, digits and hyphens")) }
}
