//! `/v2/account`: whose token it is.

use serde_json::json;

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// How many droplets an account may have. More than a new account's, so that many can be tried.
pub(super) const DROPLET_LIMIT: usize = 200_000;

/// `GET /v2/account`
pub(super) fn get(world: &mut World, _: &Moment<'_>, _: &Call) -> Answer {
    Ok(Reply::json(
        200,
        &json!({"account": {
            "droplet_limit": DROPLET_LIMIT,
            "floating_ip_limit": 3,
            "email": "somebody@example.com",
            "name": "Somebody",
            "uuid": world.uuid,
            "email_verified": true,
            "status": "active",
            "status_message": "",
            "team": {"uuid": world.uuid, "name": "My Team"},
        }}),
    ))
}
