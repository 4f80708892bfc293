//! `/v2/vpcs` and `/v2/firewalls`: the default network of every account, and no firewall.

use serde_json::{Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{missing, page};
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// `GET /v2/vpcs`
pub(super) fn vpcs(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(page(call, "vpcs", &[show(world)], Value::clone))
}

/// `GET /v2/vpcs/{id}`
pub(super) fn vpc(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    if call.param("id") == world.vpc { Ok(Reply::json(200, &json!({"vpc": show(world)}))) } else { Err(missing()) }
}

/// `GET /v2/firewalls`
pub(super) fn firewalls(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(page(call, "firewalls", &[], Value::clone))
}

fn show(world: &World) -> Value {
    json!({
        "id": world.vpc,
        "urn": format!("do:vpc:{}", world.vpc),
        "name": "default-nyc3",
        "description": "",
        "region": "nyc3",
        "ip_range": "10.116.0.0/15",
        "default": true,
        "created_at": "2026-01-15T12:00:00Z",
    })
}
