//! `POST /v2/droplets/{id}/actions`: what can be done to a droplet.

use serde_json::{Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::action::Action;
use crate::digitalocean::answer::{Refusal, body, invalid, missing, text};
use crate::digitalocean::catalog;
use crate::digitalocean::droplet::Droplet;
use crate::digitalocean::droplets::{found, pending_event};
use crate::digitalocean::effect::Effect;
use crate::digitalocean::guests;
use crate::digitalocean::images;
use crate::digitalocean::world::{Moment, World};
use crate::life::Step;
use crate::reply::Reply;

/// `POST /v2/droplets/{id}/actions`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let droplet = found(world, moment, call)?;
    if !droplet.is_there() {
        return Err(missing());
    }
    let droplet_id = droplet.id;
    let action = action(world, droplet, &body, moment)?;
    let id = world.begin(action);
    guests::act(world, droplet_id, text(&body, "type")?, moment);
    Ok(Reply::json(201, &json!({"action": world.actions.get(&id).map(|action| action.show(id))})))
}

/// `POST /v2/droplets/actions?tag_name=`
pub(super) fn create_by_tag(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let tag = call.query("tag_name").ok_or_else(|| invalid("tag_name is required"))?;
    let meant = |droplet: &&Droplet| droplet.is_there() && droplet.tags(moment).iter().any(|has| has == tag);
    let actions = world.droplets.values().filter(meant).map(|droplet| action(world, droplet, &body, moment));
    let actions = actions.collect::<Result<Vec<_>, _>>()?;
    let mut ids = Vec::with_capacity(actions.len());
    for action in actions {
        let droplet = action.droplet;
        ids.push(world.begin(action));
        if let Some(droplet) = droplet {
            guests::act(world, droplet, text(&body, "type")?, moment);
        }
    }
    let shown = ids.iter().filter_map(|id| world.actions.get(id).map(|action| action.show(*id)));
    Ok(Reply::json(201, &json!({"actions": shown.collect::<Vec<_>>()})))
}

/// The action that `body` asks for, if the droplet is in a state for it.
fn action(world: &World, droplet: &Droplet, body: &Value, moment: &Moment<'_>) -> Result<Action, Refusal> {
    if droplet.pending.is_some() {
        return Err(pending_event());
    }
    let kind = text(body, "type")?;
    let on = droplet.status == "active";
    let status = |word: &str| Effect::Status(word.to_owned());
    let (step, effect) = match kind {
        "power_on" if on => return Err(invalid("Droplet is already powered on.")),
        "power_on" => (Step::Start, status("active")),
        "shutdown" | "power_off" | "reboot" | "power_cycle" if kind != "power_cycle" && !on => {
            return Err(invalid("Droplet is not powered on."));
        }
        "shutdown" => (Step::Shutdown, status("off")),
        "power_off" => (Step::PowerOff, status("off")),
        "reboot" | "power_cycle" => (Step::Reboot, status("active")),
        "snapshot" => (Step::Snapshot, Effect::Snapshot(text(body, "name")?.to_owned())),
        "rename" => (Step::Note, Effect::Rename(text(body, "name")?.to_owned())),
        "resize" => (Step::Rebuild, resize(droplet, body)?),
        "rebuild" | "restore" => {
            let image = &body["image"];
            let image = image.as_str().map_or_else(|| image.to_string(), str::to_owned);
            let image = images::resolve(world, &image, &droplet.region);
            (Step::Rebuild, Effect::Rebuild(image.ok_or_else(|| invalid("You specified an invalid image."))?))
        }
        "enable_ipv6" => (Step::Note, Effect::Feature("ipv6".to_owned())),
        "enable_private_networking" => (Step::Note, Effect::Feature("private_networking".to_owned())),
        "enable_backups" => (Step::Note, Effect::Feature("backups".to_owned())),
        "disable_backups" => (Step::Note, Effect::NoFeature("backups".to_owned())),
        "password_reset" | "change_kernel" | "change_backup_policy" => (Step::Note, Effect::Nothing),
        _ => return Err(invalid("The action type that was specified is not valid.")),
    };
    Ok(Action::new(kind, droplet.id, &droplet.region, step, effect, moment))
}

fn resize(droplet: &Droplet, body: &Value) -> Result<Effect, Refusal> {
    if droplet.status != "off" {
        return Err(invalid("Droplet must be powered off to resize."));
    }
    let size = text(body, "size")?;
    let sold = catalog::size_of(size).ok_or_else(|| invalid("You specified an invalid size."))?;
    if !sold.is_in(&droplet.region) {
        return Err(invalid("Size is not available in this region."));
    }
    if sold.disk < droplet.disk {
        return Err(invalid("This size is not available because it has a smaller disk."));
    }
    Ok(Effect::Resize { size: size.to_owned(), disk: body["disk"] == true })
}
