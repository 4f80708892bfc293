//! `/platform`: where machines can be.

use serde_json::json;

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::{body, invalid};
use crate::fly::apps::check_organization;
use crate::fly::catalog::{self, FULL, Guest};
use crate::fly::world::{Moment, World};
use crate::reply::Reply;

/// How many machines a region has room for.
const ROOM: u64 = 100;

/// `GET /platform/regions`
pub(super) fn regions(_: &mut World, _: &Moment<'_>, _: &Call) -> Answer {
    Ok(Reply::json(200, &catalog::show_regions()))
}

/// `GET /tokens/current`: whose token it is.
pub(super) fn token(_: &mut World, _: &Moment<'_>, _: &Call) -> Answer {
    let token = json!({
        "token_id": "simulated",
        "org_slug": "personal",
        "organization": "personal",
        "user": "somebody@example.com",
        "apps": [],
        "source_machine_id": "",
        "restricted_to_machine": "",
    });
    Ok(Reply::json(200, &json!({ "tokens": [token] })))
}

/// `POST /platform/placements`: how many of so many machines would fit where.
pub(super) fn placements(_: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    check_organization(body["org_slug"].as_str())?;
    Guest::of(&body["compute"])?;
    let count = match &body["count"] {
        count if count.is_null() => 1,
        count => count.as_u64().ok_or_else(|| invalid("count is no number"))?.min(ROOM),
    };
    let place = |region: &str| {
        let fit = if region == FULL { 0 } else { count };
        json!({"region": region, "count": fit, "concurrency": fit})
    };
    let regions: Vec<_> = match body["region"].as_str().filter(|wish| !wish.is_empty() && *wish != "any") {
        Some(wish) => wish.split(',').map(|one| catalog::region(one).map(place)).collect::<Result<_, _>>()?,
        None => catalog::regions().map(place).collect(),
    };
    Ok(Reply::json(200, &json!({"regions": regions})))
}
