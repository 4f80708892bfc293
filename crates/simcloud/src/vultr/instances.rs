//! `/v2/instances`: list, get, destroy, and what is known of one.

use serde_json::{Value, json};

use crate::call::Call;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{Refusal, page, refuse};
use crate::vultr::catalog;
use crate::vultr::instance::Instance;
use crate::vultr::world::{Moment, World};

/// `GET /v2/instances`
pub(super) fn list(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let fits = |filter: &str, has: &str| call.query(filter).is_none_or(|wanted| wanted == has);
    let meant = |instance: &&Instance| {
        instance.is_listed(moment, call)
            && fits("label", &instance.label)
            && fits("region", &instance.region)
            && fits("firewall_group_id", &instance.firewall)
            && fits("main_ip", &instance.address().to_string())
            && call.query("tag").is_none_or(|tag| instance.tags.iter().any(|has| has == tag))
    };
    let instances = world.instances.values().filter(meant);
    page(call, "instances", &instances.map(|instance| (instance.id.clone(), instance.show(moment))).collect::<Vec<_>>())
}

/// `GET /v2/instances/{id}`
pub(super) fn get(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"instance": found(world, moment, call)?.show(moment)})))
}

/// `DELETE /v2/instances/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let instance = found(world, moment, call)?;
    if instance.gone_at.is_some() {
        return Err(refuse(500, "Unable to destroy server: Server is already pending destruction"));
    }
    if instance.is_locked() {
        return Err(locked("Unable to destroy server: Unable to remove VM"));
    }
    let id = instance.id.clone();
    world.destroy(&id, moment);
    Ok(Reply::nothing())
}

/// `GET /v2/instances/{id}/user-data`
pub(super) fn user_data(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"user_data": {"data": found(world, moment, call)?.user_data}})))
}

/// `GET /v2/instances/{id}/ipv4`
pub(super) fn ipv4(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let instance = found(world, moment, call)?;
    let address = instance.address().to_string();
    let shown = json!({
        "ip": address, "netmask": "255.254.0.0", "gateway": "198.18.0.1", "type": "main_ip", "reverse": address,
        "mac_address": "",
    });
    let all = if instance.has_address { vec![(address, shown)] } else { Vec::new() };
    page(call, "ipv4s", &all)
}

/// `GET /v2/instances/{id}/vpcs`: none, for there are none here.
pub(super) fn vpcs(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    found(world, moment, call)?;
    page(call, "private_networks", &[])
}

/// `GET /v2/instances/{id}/upgrades`
pub(super) fn upgrades(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let instance = found(world, moment, call)?;
    let disk = catalog::plan_of(&instance.plan).map_or(0, |plan| plan.disk);
    let larger = catalog::plans().iter().filter(|plan| plan.disk > disk && plan.locations.contains(&&*instance.region));
    let plans: Vec<_> = larger.map(|plan| plan.id).collect();
    let systems: Vec<Value> = catalog::systems().iter().filter(|os| os.is_real()).map(catalog::Os::show).collect();
    Ok(Reply::json(200, &json!({"upgrades": {"os": systems, "applications": [], "plans": plans}})))
}

/// The instance that the path names.
pub(super) fn found<'a>(world: &'a World, moment: &Moment<'_>, call: &Call) -> Result<&'a Instance, Refusal> {
    let instance = world.instances.get(call.param("id")).filter(|instance| instance.is_found(moment));
    instance.ok_or_else(|| refuse(404, "Instance not found"))
}

/// The same, where something is to be done to it: it must be there, and not locked.
pub(super) fn ready<'a>(
    world: &'a World,
    moment: &Moment<'_>,
    call: &Call,
    deed: &str,
) -> Result<&'a Instance, Refusal> {
    let instance = found(world, moment, call)?;
    if instance.gone_at.is_some() {
        return Err(refuse(404, "Instance not found"));
    }
    if instance.is_locked() { Err(locked(deed)) } else { Ok(instance) }
}

/// Nothing can be done to it now.
pub(super) fn locked(deed: &str) -> Refusal {
    refuse(500, format!("{deed}: Server is currently locked"))
}
