//! `/apps`: what machines and volumes are in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::addresses::Address;
use crate::fly::answer::{Refusal, body, flag, invalid, refuse, refuse_as, unready};
use crate::fly::world::{Moment, ORGANIZATION, World};
use crate::ids;
use crate::reply::Reply;

/// An app.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct App {
    id: String,
    number: u32,
    network: String,
    pub(super) created_at: Timestamp,
    pub(super) addresses: Vec<Address>,
}

impl App {
    /// A new one in that network.
    pub(super) fn new(network: &str, now: Timestamp) -> Self {
        Self {
            id: ids::hex(&ids::random::<8>()),
            number: u32::from_be_bytes(ids::random()) >> 8,
            network: network.to_owned(),
            created_at: now,
            addresses: Vec::new(),
        }
    }

    fn show(&self, name: &str, world: &World) -> Value {
        let machines = world.machines.values().filter(|it| it.app == name && it.gone_at.is_none()).count();
        let volumes = world.volumes.values().filter(|it| it.app == name && it.deleted_at.is_none()).count();
        json!({
            "id": self.id,
            "internal_numeric_id": self.number,
            "name": name,
            "network": self.network,
            "status": if machines > 0 { "deployed" } else { "pending" },
            "machine_count": machines,
            "volume_count": volumes,
            "organization": {"name": "Personal", "slug": ORGANIZATION, "internal_numeric_id": 1},
        })
    }
}

/// `POST /apps`. Names are of all accounts together: `taken` says whether another account has one.
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call, taken: impl Fn(&str) -> bool) -> Answer {
    let body = body(call)?;
    let name = name(&body);
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() >= 63 || !name.bytes().all(fits) || name.starts_with('-') {
        let rule = "Name may only contain lowercase letters, numbers, and dashes, and is shorter than 63";
        return Err(refuse(422, format!("Validation failed: {rule}")));
    }
    check_organization(body["org_slug"].as_str())?;
    if world.apps.contains_key(name) || taken(name) {
        return Err(refuse_as(422, "name_taken", "Validation failed: Name has already been taken"));
    }
    let app = App::new(body["network"].as_str().filter(|name| !name.is_empty()).unwrap_or("default"), moment.now);
    let answer = json!({"id": app.id, "created_at": app.created_at.as_millisecond()});
    world.apps.insert(name.to_owned(), app);
    Ok(Reply::json(201, &answer))
}

/// `GET /apps?org_slug=`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    check_organization(call.query("org_slug"))?;
    let apps: Vec<Value> =
        if call.veil.empty { Vec::new() } else { world.apps.iter().map(|(name, app)| app.show(name, world)).collect() };
    Ok(Reply::json(200, &json!({"total_apps": apps.len(), "apps": apps})))
}

/// `GET /apps/{app}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &world.app(call)?.show(call.param("app"), world)))
}

/// `DELETE /apps/{app}`: with `force` all that is in it goes with it, without it there must be no machine.
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let name = call.param("app");
    let inside = world.machines.values().filter(|machine| machine.app == name && machine.gone_at.is_none());
    let machines: Vec<String> = inside.map(|machine| machine.id.clone()).collect();
    if !machines.is_empty() && !flag(call, "force") {
        return Err(unready(format!("app {name} has {} machines", machines.len())));
    }
    for id in machines {
        world.destroyed(&id, moment);
    }
    for (id, volume) in world.volumes.iter_mut().filter(|(_, volume)| volume.app == name) {
        volume.delete(id, moment);
    }
    for address in world.apps.remove(name).into_iter().flat_map(|app| app.addresses) {
        moment.sim.bill.close("address", &address.ip, moment.now);
    }
    Ok(Reply { status: axum::http::StatusCode::ACCEPTED, ..Reply::nothing() })
}

/// Refuses an organization that is not the account's.
pub(super) fn check_organization(slug: Option<&str>) -> Result<(), Refusal> {
    match slug {
        Some(ORGANIZATION) => Ok(()),
        None | Some("") => Err(invalid("org_slug is required")),
        Some(other) => Err(refuse(404, format!("organization not found: {other}"))),
    }
}

/// The name of a new app: the description calls it `name`, the manual `app_name`.
fn name(body: &Value) -> &str {
    body["name"].as_str().or_else(|| body["app_name"].as_str()).unwrap_or_default()
}
