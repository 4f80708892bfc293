//! `/v2/tags` and what carries them.

use serde_json::{Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{Refusal, body, invalid, missing, page, text};
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// Why a tag cannot be one; nothing if it can.
fn check(tag: &str) -> Result<(), Refusal> {
    let legal = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte));
    if tag.is_empty() || tag.len() > 255 || !legal {
        return Err(invalid("Tag name is invalid: only letters, numbers, colons, dashes, and underscores are allowed"));
    }
    Ok(())
}

/// Whether all of these can be tags.
pub(super) fn check_all(tags: &[String]) -> Result<(), Refusal> {
    tags.iter().try_for_each(|tag| check(tag))
}

/// `GET /v2/tags`
pub(super) fn list(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let tags: Vec<_> = world.tags.values().collect();
    Ok(page(call, "tags", &tags, |tag| show(world, tag, moment, call)))
}

/// `POST /v2/tags`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let name = text(&body, "name")?.to_owned();
    check(&name)?;
    let tag = world.spelled(&[name]).remove(0);
    Ok(Reply::json(201, &json!({"tag": show(world, &tag, moment, call)})))
}

/// `GET /v2/tags/{tag}`
pub(super) fn get(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let tag = found(world, call)?;
    Ok(Reply::json(200, &json!({"tag": show(world, &tag, moment, call)})))
}

/// `DELETE /v2/tags/{tag}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let tag = found(world, call)?;
    world.tags.remove(&tag.to_lowercase());
    let droplets: Vec<u64> = world.droplets.keys().copied().collect();
    for id in droplets {
        change(world, "droplet", &id.to_string(), &tag, false, moment);
    }
    let (volumes, snapshots): (Vec<_>, Vec<_>) =
        (world.volumes.keys().cloned().collect(), world.snapshots.keys().cloned().collect());
    for id in volumes {
        change(world, "volume", &id, &tag, false, moment);
    }
    for id in snapshots {
        change(world, "volume_snapshot", &id, &tag, false, moment);
    }
    Ok(Reply::nothing())
}

/// `POST /v2/tags/{tag}/resources`
pub(super) fn add(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    change_all(world, moment, call, true)
}

/// `DELETE /v2/tags/{tag}/resources`
pub(super) fn remove(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    change_all(world, moment, call, false)
}

fn change_all(world: &mut World, moment: &Moment<'_>, call: &Call, add: bool) -> Answer {
    let tag = found(world, call)?;
    let body = body(call)?;
    let resources = body["resources"].as_array().ok_or_else(|| invalid("resources is required"))?;
    for resource in resources {
        let id = resource["resource_id"].as_str().unwrap_or_default();
        if !change(world, resource["resource_type"].as_str().unwrap_or_default(), id, &tag, add, moment) {
            return Err(missing());
        }
    }
    Ok(Reply::nothing())
}

/// Puts a tag on a thing or takes it off. `false` if there is no such thing.
fn change(world: &mut World, kind: &str, id: &str, tag: &str, add: bool, moment: &Moment<'_>) -> bool {
    let (billed, tags) = match kind {
        "droplet" => {
            let droplet = id.parse().ok().and_then(|id: u64| world.droplets.get_mut(&id));
            ("machine", droplet.filter(|droplet| droplet.is_there()).map(|droplet| &mut droplet.tags))
        }
        "volume" => ("volume", world.volumes.get_mut(id).map(|volume| &mut volume.tags)),
        "volume_snapshot" | "image" => ("snapshot", world.snapshots.get_mut(id).map(|snapshot| &mut snapshot.tags)),
        _ => return false,
    };
    let Some(tags) = tags else { return false };
    tags.retain(|has| has != tag);
    if add {
        tags.push(tag.to_owned());
    }
    moment.sim.bill.mark(billed, id, tags.clone());
    true
}

fn found(world: &World, call: &Call) -> Result<String, Refusal> {
    let tag = call.param("tag");
    world.tags.get(&tag.to_lowercase()).filter(|first| *first == tag).cloned().ok_or_else(missing)
}

fn show(world: &World, tag: &str, moment: &Moment<'_>, call: &Call) -> Value {
    let has = |tags: &[String]| tags.iter().any(|has| has == tag);
    let droplets = world.droplets.values().filter(|droplet| droplet.is_there() && has(droplet.tags(moment)));
    let droplets: Vec<_> = droplets.map(|droplet| droplet.id.to_string()).collect();
    let volumes = world.volumes.iter().filter(|(_, volume)| has(&volume.tags));
    let volumes: Vec<_> = volumes.map(|(id, _)| id.clone()).collect();
    let tagged = |of_volume: bool| {
        let of_kind =
            move |(_, snapshot): &(&String, &super::snapshots::Snapshot)| snapshot.volume.is_some() == of_volume;
        world.snapshots.iter().filter(of_kind).filter(|(_, snapshot)| has(&snapshot.tags)).map(|(id, _)| id.clone())
    };
    let (snapshots, images): (Vec<_>, Vec<_>) = (tagged(true).collect(), tagged(false).collect());
    let count = |path: &str, ids: &[String]| match ids.last() {
        Some(last) => json!({"count": ids.len(), "last_tagged_uri": format!("{}/v2/{path}/{last}", call.origin)}),
        None => json!({"count": 0}),
    };
    let all = droplets.len() + volumes.len() + snapshots.len() + images.len();
    json!({"name": tag, "resources": {
        "count": all,
        "droplets": count("droplets", &droplets),
        "images": count("images", &images),
        "volumes": count("volumes", &volumes),
        "volume_snapshots": count("snapshots", &snapshots),
        "databases": {"count": 0},
    }})
}
