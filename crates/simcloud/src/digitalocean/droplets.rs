//! `/v2/droplets`: list, get and destroy. Creation has a file of its own.

use serde_json::json;

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{invalid, missing, page};
use crate::digitalocean::catalog;
use crate::digitalocean::droplet::Droplet;
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// `GET /v2/droplets`
pub(super) fn list(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let (tag, name) = (call.query("tag_name"), call.query("name"));
    if tag.is_some() && name.is_some() {
        return Err(invalid("Cannot filter by both name and tag_name."));
    }
    let gpus = call.query("type") == Some("gpus");
    if tag.is_some() && call.query("type").is_some() {
        return Err(invalid("Cannot filter by both type and tag_name."));
    }
    let meant = |droplet: &&Droplet| {
        droplet.is_listed(moment, call)
            && tag.is_none_or(|tag| droplet.tags(moment).iter().any(|has| has == tag))
            && name.is_none_or(|name| droplet.name.eq_ignore_ascii_case(name))
            && gpus == catalog::size_of(&droplet.size).is_some_and(catalog::Size::is_gpu)
    };
    let droplets: Vec<_> = world.droplets.values().filter(meant).collect();
    Ok(page(call, "droplets", &droplets, |droplet| droplet.show(world, moment)))
}

/// `GET /v2/droplets/{id}`
pub(super) fn get(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let droplet = found(world, moment, call)?;
    Ok(Reply::json(200, &json!({"droplet": droplet.show(world, moment)})))
}

/// `DELETE /v2/droplets/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let droplet = found(world, moment, call)?;
    let (id, is_there, locked) = (droplet.id, droplet.is_there(), droplet.pending.is_some());
    if !is_there {
        return Err(missing());
    }
    if locked {
        return Err(pending_event());
    }
    world.destroy(id, moment);
    Ok(Reply::nothing())
}

/// `DELETE /v2/droplets?tag_name=`
pub(super) fn delete_by_tag(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let tag = call.query("tag_name").ok_or_else(|| invalid("tag_name is required"))?;
    let meant = |droplet: &&Droplet| droplet.is_there() && droplet.tags(moment).iter().any(|has| has == tag);
    let ids: Vec<u64> = world.droplets.values().filter(meant).map(|droplet| droplet.id).collect();
    if ids.is_empty() {
        return Err(missing());
    }
    for id in ids {
        world.destroy(id, moment);
    }
    Ok(Reply::nothing())
}

/// `GET /v2/droplets/{id}/snapshots`
pub(super) fn snapshots(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let id = found(world, moment, call)?.id;
    let snapshots: Vec<_> = world.snapshots.iter().filter(|(_, snapshot)| snapshot.droplet == Some(id)).collect();
    Ok(page(call, "snapshots", &snapshots, |(id, snapshot)| snapshot.show_below_droplet(id)))
}

/// The droplet that the path names, as far as it can be found.
pub(super) fn found<'a>(world: &'a World, moment: &Moment<'_>, call: &Call) -> Result<&'a Droplet, super::Refusal> {
    let id: u64 = call.param("id").parse().map_err(|_| missing())?;
    world.droplets.get(&id).filter(|droplet| droplet.is_found(moment)).ok_or_else(missing)
}

/// Another action is not over.
pub(super) fn pending_event() -> super::Refusal {
    invalid("Droplet already has a pending event.")
}
