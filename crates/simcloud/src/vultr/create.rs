//! `POST /v2/instances`: the rules of a new instance.

use serde_json::{Value, json};

use crate::call::Call;
use crate::clock::after;
use crate::ids;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{Refusal, body, invalid, is_base64, text, texts};
use crate::vultr::catalog;
use crate::vultr::guests;
use crate::vultr::instance::Instance;
use crate::vultr::keys;
use crate::vultr::lifecycle;
use crate::vultr::world::{Moment, World};

/// What an instance can be made from; it is exactly one of these.
const SOURCES: &[&str] = &["os_id", "iso_id", "snapshot_id", "app_id", "image_id"];

/// `POST /v2/instances`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let region = catalog::region(text(&body, "region")?).ok_or_else(|| invalid("Invalid region."))?;
    let plan = catalog::plan_of(text(&body, "plan")?).ok_or_else(|| invalid("Invalid plan."))?;
    if !plan.locations.contains(&region) {
        return Err(invalid("The selected plan is not available in the selected region."));
    }
    let os_id = source(world, &body)?;
    let user_data = body["user_data"].as_str().unwrap_or_default();
    if !is_base64(user_data) {
        return Err(invalid("Invalid user_data. User data must be base64 encoded."));
    }
    if let Some(unknown) = texts(&body, "sshkey_id")?.iter().find(|id| !world.keys.contains_key(*id)) {
        return Err(invalid(format!("Invalid sshkey_id: {unknown}")));
    }
    let script = body["script_id"].as_str().filter(|id| !id.is_empty());
    if script.is_some_and(|id| !world.scripts.contains_key(id)) {
        return Err(invalid("Invalid script_id."));
    }
    let own = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let hostname = hostname(&body)?;
    let mut tags = texts(&body, "tags")?;
    tags.extend(body["tag"].as_str().filter(|tag| !tag.is_empty()).map(str::to_owned));
    let lag = call.veil.late.unwrap_or(moment.sim.quirks.list_lag);
    let keys = keys::materials(world, &texts(&body, "sshkey_id")?);
    let guest = guests::new(&hostname, keys, user_data, moment);
    let instance = Instance {
        id: ids::uuid(),
        number: world.next(),
        region: region.to_owned(),
        plan: plan.id.to_owned(),
        os_id,
        label: own("label"),
        hostname,
        tags,
        password: ids::hex(&ids::random::<8>()),
        user_data: user_data.to_owned(),
        ipv6: body["enable_ipv6"] == true,
        backups: body["backups"] == "enabled",
        firewall: own("firewall_group_id"),
        status: "pending".to_owned(),
        power: "stopped".to_owned(),
        server: "none".to_owned(),
        has_address: false,
        created_at: moment.now,
        listed_at: after(moment.now, lag),
        gone_at: None,
        guest,
    };
    moment.sim.bill.open(instance.charge(moment.now));
    lifecycle::born(world, &instance.id, moment);
    let shown = instance.show(moment);
    let id = instance.id.clone();
    world.instances.insert(id.clone(), instance);
    guests::act(world, &id, guests::Deed::Boot, moment);
    Ok(Reply::json(202, &json!({"instance": shown})))
}

/// The operating system that the order comes to.
fn source(world: &World, body: &Value) -> Result<u64, Refusal> {
    let given = |key: &&&str| !(body[**key].is_null() || body[**key] == "");
    let mut sources = SOURCES.iter().filter(given);
    let (Some(&source), None) = (sources.next(), sources.next()) else {
        return Err(invalid("You must specify one and only one of os_id, iso_id, snapshot_id, app_id or image_id."));
    };
    match source {
        "os_id" => {
            // A number by the description; Libcloud's driver can write it as text only, and is not refused.
            let id = body["os_id"].as_u64().or_else(|| body["os_id"].as_str()?.parse().ok());
            let os = id.and_then(catalog::system).filter(|os| os.is_real());
            os.map(|os| os.id).ok_or_else(|| invalid("Invalid os_id."))
        }
        "snapshot_id" => {
            let snapshot = world.snapshots.get(text(body, "snapshot_id")?);
            let complete = snapshot.filter(|snapshot| snapshot.status == "complete");
            complete.map(|_| catalog::OF_SNAPSHOT).ok_or_else(|| invalid("Invalid snapshot_id."))
        }
        // There are none of these to be had here.
        other => Err(invalid(format!("Invalid {other}."))),
    }
}

fn hostname(body: &Value) -> Result<String, Refusal> {
    let asked = body["hostname"].as_str().filter(|name| !name.is_empty()).unwrap_or("vultr");
    let legal = asked.len() <= 253
        && asked.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        });
    if legal { Ok(asked.to_owned()) } else { Err(invalid("Invalid hostname.")) }
}

/// An instance of somebody's who knows nothing of us.
pub(super) fn foreign(world: &mut World, moment: &Moment<'_>) -> String {
    let number = world.next();
    let instance = Instance {
        id: ids::uuid(),
        number,
        region: "ewr".to_owned(),
        plan: "vc2-1c-1gb".to_owned(),
        os_id: 2284,
        label: format!("foreign-{number}"),
        hostname: "vultr".to_owned(),
        tags: Vec::new(),
        password: String::new(),
        user_data: String::new(),
        ipv6: false,
        backups: false,
        firewall: String::new(),
        status: "active".to_owned(),
        power: "running".to_owned(),
        server: "ok".to_owned(),
        has_address: true,
        created_at: moment.now,
        listed_at: moment.now,
        gone_at: None,
        guest: None,
    };
    let id = instance.id.clone();
    moment.sim.bill.open(instance.charge(moment.now));
    world.instances.insert(id.clone(), instance);
    id
}
