//! `/apps/{app}/volumes`: what machines keep. One comes to a machine with that machine's creation, and leaves it with its end.

use serde_json::{Value, json};

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::{Refusal, body, invalid, refuse, unready};
use crate::fly::catalog::{self, FULL, Guest};
use crate::fly::volume::{Snapshot, Volume};
use crate::fly::world::{Moment, World};
use crate::ids;
use crate::reply::Reply;

/// The largest volume, in gibibytes.
const LARGEST: u64 = 500;

/// The volume that is made where no size is given.
const USUAL: u32 = 3;

/// `GET /apps/{app}/volumes`: those that wait for their end are in it.
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let here = world.volumes.iter().filter(|(_, volume)| volume.app == call.param("app") && !call.veil.empty);
    Ok(Reply::json(200, &here.map(|(id, volume)| volume.show(id)).collect::<Value>()))
}

/// `POST /apps/{app}/volumes`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let body = body(call)?;
    let name = body["name"].as_str().unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || name.len() > 30 || !name.bytes().all(fits) {
        return Err(invalid("name must be at most 30 lowercase letters, digits and underscores"));
    }
    let region = catalog::region(body["region"].as_str().unwrap_or_default())?;
    if region == FULL {
        return Err(refuse(400, "no capacity"));
    }
    if body["compute"].is_object() {
        Guest::of(&body["compute"])?;
    }
    let least = source(world, call, &body)?;
    let size = size(&body)?.unwrap_or_else(|| least.unwrap_or(USUAL));
    if least.is_some_and(|least| size < least) {
        return Err(invalid("size_gb must not be smaller than what the volume is made from"));
    }
    let volume = Volume {
        app: call.param("app").to_owned(),
        name: name.to_owned(),
        region: region.to_owned(),
        size,
        zone: ids::hex(&ids::random::<2>()),
        encrypted: body["encrypted"] != false,
        fstype: body["fstype"].as_str().unwrap_or("ext4").to_owned(),
        retention: retention(&body)?.unwrap_or(5),
        backups: body["auto_backup_enabled"] != false,
        created_at: moment.now,
        deleted_at: None,
        machine: None,
        snapshots: Vec::new(),
    };
    let id = format!("vol_{}", ids::hex(&ids::random::<8>()));
    moment.sim.bill.open(volume.charge(&id, moment.now));
    let shown = volume.show(&id);
    world.volumes.insert(id, volume);
    Ok(Reply::json(200, &shown))
}

/// `GET /apps/{app}/volumes/{volume}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let (id, volume) = found(world, call)?;
    Ok(Reply::json(200, &volume.show(id)))
}

/// `PUT /apps/{app}/volumes/{volume}`
pub(super) fn update(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let retention = retention(&body)?;
    let (id, volume) = living(world, call)?;
    volume.retention = retention.unwrap_or(volume.retention);
    volume.backups = body["auto_backup_enabled"].as_bool().unwrap_or(volume.backups);
    Ok(Reply::json(200, &volume.show(id)))
}

/// `DELETE /apps/{app}/volumes/{volume}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let (id, volume) = found(world, call)?;
    if let Some(machine) = &volume.machine {
        return Err(unready(format!("volume {id} is currently attached to machine {machine}")));
    }
    volume.delete(id, moment);
    Ok(Reply::json(200, &volume.show(id)))
}

/// `PUT /apps/{app}/volumes/{volume}/extend`
pub(super) fn extend(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let size = size(&body(call)?)?.ok_or_else(|| invalid("size_gb is required"))?;
    let (id, volume) = living(world, call)?;
    if size <= volume.size {
        return Err(invalid(format!("volume {id} can only grow: it has {} GB", volume.size)));
    }
    volume.size = size;
    moment.sim.bill.reprice("volume", id, volume.hourly(), moment.now);
    let answer = json!({"volume": volume.show(id), "needs_restart": volume.machine.is_some()});
    Ok(Reply::json(200, &answer))
}

/// `GET /apps/{app}/volumes/{volume}/snapshots`
pub(super) fn snapshots(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let (_, volume) = found(world, call)?;
    let shown = volume.snapshots.iter().rev().filter(|_| !call.veil.empty).map(Snapshot::show);
    Ok(Reply::json(200, &shown.collect::<Value>()))
}

/// `POST /apps/{app}/volumes/{volume}/snapshots`
pub(super) fn snapshot(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let (_, volume) = living(world, call)?;
    let id = format!("vs_{}", ids::hex(&ids::random::<8>()));
    let (volume_size, retention) = (volume.size, volume.retention);
    let snapshot = Snapshot { id, volume_size, retention, created_at: moment.now };
    moment.sim.bill.open(snapshot.charge(volume, moment.now));
    let shown = snapshot.show();
    volume.snapshots.push(snapshot);
    Ok(Reply::json(200, &shown))
}

fn found<'a>(world: &'a mut World, call: &'a Call) -> Result<(&'a str, &'a mut Volume), Refusal> {
    world.app(call)?;
    let id = call.param("volume");
    let volume = world.volumes.get_mut(id).filter(|volume| volume.app == call.param("app"));
    volume.map(|volume| (id, volume)).ok_or_else(|| refuse(404, "volume not found"))
}

/// The same, unless it waits for its end.
fn living<'a>(world: &'a mut World, call: &'a Call) -> Result<(&'a str, &'a mut Volume), Refusal> {
    let (id, volume) = found(world, call)?;
    if volume.deleted_at.is_some() { Err(unready(format!("volume {id} is pending_destroy"))) } else { Ok((id, volume)) }
}

/// How large the snapshot or the volume is that a new volume is made from, if it is made from one.
fn source(world: &World, call: &Call, body: &Value) -> Result<Option<u32>, Refusal> {
    let here = || world.volumes.iter().filter(|(_, volume)| volume.app == call.param("app"));
    let named = |key: &str| body[key].as_str().filter(|id| !id.is_empty());
    if let Some(id) = named("snapshot_id") {
        let found = here().flat_map(|(_, volume)| &volume.snapshots).find(|snapshot| snapshot.id == id);
        let found = found.ok_or_else(|| refuse(404, format!("snapshot {id} not found")))?;
        return Ok(Some(found.volume_size));
    }
    let Some(id) = named("source_volume_id") else { return Ok(None) };
    let found = here().find(|(other, volume)| *other == id && volume.deleted_at.is_none());
    found.map(|(_, volume)| Some(volume.size)).ok_or_else(|| refuse(404, format!("volume {id} not found")))
}

fn size(body: &Value) -> Result<Option<u32>, Refusal> {
    if body["size_gb"].is_null() {
        return Ok(None);
    }
    let size = body["size_gb"].as_u64().filter(|size| (1..=LARGEST).contains(size));
    let size = size.and_then(|size| u32::try_from(size).ok());
    size.map(Some).ok_or_else(|| invalid(format!("size_gb must be from 1 to {LARGEST}")))
}

fn retention(body: &Value) -> Result<Option<u32>, Refusal> {
    if body["snapshot_retention"].is_null() {
        return Ok(None);
    }
    let days = body["snapshot_retention"].as_u64().filter(|days| (1..=60).contains(days));
    let days = days.and_then(|days| u32::try_from(days).ok());
    days.map(Some).ok_or_else(|| invalid("snapshot_retention must be from 1 to 60"))
}
