//! `PATCH /v2/instances/{id}`: what can be changed of an instance.

use serde_json::json;

use crate::call::Call;
use crate::clock::after;
use crate::life::{Step, lasts};
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{body, invalid, is_base64, texts};
use crate::vultr::catalog;
use crate::vultr::instances::ready;
use crate::vultr::lifecycle::{Change, reborn};
use crate::vultr::world::{Moment, World};

/// `PATCH /v2/instances/{id}`
pub(super) fn patch(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let before = ready(world, moment, call, "Unable to update server")?.clone();
    let plan = match body["plan"].as_str().filter(|plan| !plan.is_empty()) {
        None => None,
        Some(plan) if plan == before.plan => return Err(invalid("Nothing to change")),
        Some(plan) => {
            let plan = catalog::plan_of(plan).ok_or_else(|| invalid("Invalid plan."))?;
            let smaller = catalog::plan_of(&before.plan).is_some_and(|before| plan.disk < before.disk);
            if smaller || !plan.locations.contains(&&*before.region) {
                return Err(invalid("Unable to upgrade: the plan is not available for this server."));
            }
            Some(plan.id)
        }
    };
    let os = match body["os_id"].as_u64() {
        None => None,
        Some(id) => Some(catalog::system(id).filter(|os| os.is_real()).ok_or_else(|| invalid("Invalid os_id."))?.id),
    };
    let user_data = body["user_data"].as_str();
    if user_data.is_some_and(|data| !is_base64(data)) {
        return Err(invalid("Invalid user_data. User data must be base64 encoded."));
    }
    let tags = if body["tags"].is_null() { None } else { Some(texts(&body, "tags")?) };
    let Some(instance) = world.instances.get_mut(&before.id) else { return Err(invalid("Nothing to change")) };
    for (field, key) in [(&mut instance.label, "label"), (&mut instance.firewall, "firewall_group_id")] {
        body[key].as_str().unwrap_or(field.clone().as_str()).clone_into(field);
    }
    user_data.unwrap_or(&before.user_data).clone_into(&mut instance.user_data);
    instance.ipv6 |= body["enable_ipv6"] == true;
    if let Some(tags) = tags {
        instance.tags = tags;
    }
    moment.sim.bill.mark("machine", &before.id, instance.charge(moment.now).markers);
    if let Some(plan) = plan {
        "resizing".clone_into(&mut instance.status);
        world.plan(after(moment.now, lasts(Step::Rebuild)), &before.id, Change::Resized(plan.to_owned()));
    }
    if let Some(os) = os {
        instance_os(world, &before.id, os);
        reborn(world, &before.id, moment);
    }
    Ok(Reply::json(202, &json!({"instance": world.instances.get(&before.id).map(|instance| instance.show(moment))})))
}

fn instance_os(world: &mut World, id: &str, os: u64) {
    if let Some(instance) = world.instances.get_mut(id) {
        instance.os_id = os;
    }
}
