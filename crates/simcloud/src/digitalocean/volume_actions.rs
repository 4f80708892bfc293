//! `POST /v2/volumes/{id}/actions`: attach, detach and grow.

use serde_json::{Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::action::Action;
use crate::digitalocean::answer::{body, invalid, missing, refuse, text};
use crate::digitalocean::droplets::pending_event;
use crate::digitalocean::effect::Effect;
use crate::digitalocean::volumes::{LARGEST, named};
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// How many volumes a droplet can have.
const PER_DROPLET: usize = 7;

/// `POST /v2/volumes/{id}/actions`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    act(world, moment, call.param("id"), &body(call)?)
}

/// `POST /v2/volumes/actions`, which names the volume in its body.
pub(super) fn create_by_name(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let id = named(world, text(&body, "volume_name")?, text(&body, "region")?).ok_or_else(missing)?;
    act(world, moment, &id, &body)
}

/// The droplet that is meant: a number by the description; Libcloud's driver can write it as text only, and is not refused.
fn droplet(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn act(world: &mut World, moment: &Moment<'_>, id: &str, body: &Value) -> Answer {
    let volume = world.volumes.get(id).ok_or_else(missing)?;
    let kind = text(body, "type")?;
    if body["region"].as_str().is_some_and(|region| region != volume.region) {
        return Err(invalid("Volume is not in this region."));
    }
    let (droplet, effect) = match kind {
        "attach" => {
            let droplet = droplet(&body["droplet_id"]).ok_or_else(|| invalid("droplet_id is required"))?;
            let droplet = world.droplets.get(&droplet).filter(|droplet| droplet.is_there()).ok_or_else(missing)?;
            if volume.droplet == Some(droplet.id) {
                return Err(invalid("Volume is already attached to this Droplet."));
            }
            if volume.droplet.is_some() {
                return Err(refuse(409, "Volume is already attached to another Droplet."));
            }
            if droplet.region != volume.region {
                return Err(invalid("Droplet and volume must be in the same region."));
            }
            if droplet.pending.is_some() {
                return Err(pending_event());
            }
            if world.volumes.values().filter(|volume| volume.droplet == Some(droplet.id)).count() >= PER_DROPLET {
                return Err(invalid("Droplet already has the maximum number of volumes attached."));
            }
            (Some(droplet.id), Effect::Attach(id.to_owned()))
        }
        "detach" => {
            let attached = volume.droplet.ok_or_else(|| invalid("Attachment not found"))?;
            if droplet(&body["droplet_id"]).is_some_and(|droplet| droplet != attached) {
                return Err(invalid("Attachment not found"));
            }
            if world.droplets.get(&attached).is_some_and(|droplet| droplet.pending.is_some()) {
                return Err(pending_event());
            }
            (Some(attached), Effect::Detach(id.to_owned()))
        }
        "resize" => {
            let size = body["size_gigabytes"].as_u64().unwrap_or_default();
            if size <= volume.size || size > LARGEST {
                return Err(invalid("new size must be greater than the current size and at most 16384 GiB"));
            }
            (None, Effect::Grow(id.to_owned(), size))
        }
        _ => return Err(invalid("The action type that was specified is not valid.")),
    };
    let action = Action::of_volume(kind, id, droplet, &volume.region.clone(), effect, moment);
    let id = world.begin(action);
    Ok(Reply::json(202, &json!({"action": world.actions.get(&id).map(|action| action.show(id))})))
}
