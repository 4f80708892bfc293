//! `/v2/domains` and their records.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{Refusal, body, invalid, missing, page, text};
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// What a record may be.
const KINDS: &[&str] = &["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"];

/// How long a record is kept by those who ask, unless it says otherwise.
const TTL: u64 = 1_800;

/// And how long at least.
const SHORTEST: u64 = 30;

/// A domain and its records.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Domain {
    /// As answers show them, without their ids.
    records: BTreeMap<u64, Map<String, Value>>,
}

impl Domain {
    fn show(&self, name: &str) -> Value {
        let mut zone = format!("$ORIGIN {name}.\n$TTL {TTL}\n");
        for record in self.records.values() {
            let part = |key: &str| {
                record
                    .get(key)
                    .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                    .unwrap_or_default()
            };
            zone.push_str(&format!("{} {} IN {} {}\n", part("name"), part("ttl"), part("type"), part("data")));
        }
        json!({"name": name, "ttl": TTL, "zone_file": zone})
    }
}

/// `GET /v2/domains`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(page(call, "domains", &world.domains.iter().collect::<Vec<_>>(), |(name, domain)| domain.show(name)))
}

/// `POST /v2/domains`
pub(super) fn create(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let name = text(&body, "name")?.to_lowercase();
    let legal = name.contains('.') && name.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    if !legal {
        return Err(invalid("Domain name is invalid"));
    }
    if world.domains.contains_key(&name) {
        return Err(invalid(format!("Domain '{name}' has already been added to an account.")));
    }
    let mut domain = Domain::default();
    for server in 1..=3 {
        let data = format!("ns{server}.digitalocean.com");
        domain.records.insert(world.next(), object(json!({"type": "NS", "name": "@", "data": data, "ttl": TTL})));
    }
    if let Some(address) = body["ip_address"].as_str().filter(|address| !address.is_empty()) {
        domain.records.insert(world.next(), object(json!({"type": "A", "name": "@", "data": address, "ttl": TTL})));
    }
    // What was just created has no zone file yet.
    let shown = json!({"name": name, "ttl": TTL, "zone_file": null});
    world.domains.insert(name, domain);
    Ok(Reply::json(201, &json!({"domain": shown})))
}

/// `GET /v2/domains/{domain}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let name = call.param("domain");
    Ok(Reply::json(200, &json!({"domain": found(world, call)?.show(name)})))
}

/// `DELETE /v2/domains/{domain}`
pub(super) fn delete(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    world.domains.remove(call.param("domain")).map(|_| Reply::nothing()).ok_or_else(missing)
}

/// `GET /v2/domains/{domain}/records`
pub(super) fn records(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let domain = found(world, call)?;
    let (kind, name) = (call.query("type"), call.query("name"));
    let meant = |(_, record): &(&u64, &Map<String, Value>)| {
        // The filter has the whole name, the record only what stands before the domain's.
        let whole = match record.get("name").and_then(Value::as_str) {
            None | Some("@") => call.param("domain").to_owned(),
            Some(relative) => format!("{relative}.{}", call.param("domain")),
        };
        kind.is_none_or(|kind| record.get("type").is_some_and(|has| has == kind))
            && name.is_none_or(|name| name == whole)
    };
    let records: Vec<_> = domain.records.iter().filter(meant).collect();
    Ok(page(call, "domain_records", &records, |(id, record)| show(**id, record)))
}

/// `POST /v2/domains/{domain}/records`
pub(super) fn create_record(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    found(world, call)?;
    let record = checked(&body(call)?, call.param("domain"))?;
    let id = world.next();
    let shown = show(id, &record);
    if let Some(domain) = world.domains.get_mut(call.param("domain")) {
        domain.records.insert(id, record);
    }
    Ok(Reply::json(201, &json!({"domain_record": shown})))
}

/// `GET /v2/domains/{domain}/records/{record}`
pub(super) fn record(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = number(call)?;
    let record = found(world, call)?.records.get(&id).ok_or_else(missing)?;
    Ok(Reply::json(200, &json!({"domain_record": show(id, record)})))
}

/// `PUT` and `PATCH /v2/domains/{domain}/records/{record}`: what the body does not name stays.
pub(super) fn update_record(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let change = body(call)?;
    let id = number(call)?;
    let mut changed = Value::Object(found(world, call)?.records.get(&id).ok_or_else(missing)?.clone());
    for (key, value) in change.as_object().into_iter().flatten() {
        changed[key] = value.clone();
    }
    let changed = checked(&changed, call.param("domain"))?;
    if let Some(domain) = world.domains.get_mut(call.param("domain")) {
        domain.records.insert(id, changed);
    }
    record(world, moment, call)
}

/// `DELETE /v2/domains/{domain}/records/{record}`
pub(super) fn delete_record(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = number(call)?;
    let domain = world.domains.get_mut(call.param("domain")).ok_or_else(missing)?;
    domain.records.remove(&id).map(|_| Reply::nothing()).ok_or_else(missing)
}

/// The record that `given` describes, or what is wrong with it.
fn checked(given: &Value, domain: &str) -> Result<Map<String, Value>, Refusal> {
    let kind = text(given, "type")?;
    if !KINDS.contains(&kind) {
        return Err(invalid("Type is not included in the list"));
    }
    let data = text(given, "data")?;
    let named = data.strip_suffix('.');
    if matches!(kind, "CNAME" | "MX" | "NS" | "SRV")
        && data != "@"
        && named.is_none()
        && !data.ends_with(".digitalocean.com")
    {
        return Err(invalid("Data needs to end with a dot (.)"));
    }
    let address = match kind {
        "A" => data.parse::<std::net::Ipv4Addr>().is_ok(),
        "AAAA" => data.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => true,
    };
    if !address {
        return Err(invalid("Data is not a valid IP address"));
    }
    let ttl = given["ttl"].as_u64().unwrap_or(TTL);
    if ttl < SHORTEST {
        return Err(invalid(format!("Ttl must be greater than or equal to {SHORTEST}")));
    }
    for (needed, kinds) in [
        ("priority", &["MX", "SRV"][..]),
        ("port", &["SRV"]),
        ("weight", &["SRV"]),
        ("flags", &["CAA"]),
        ("tag", &["CAA"]),
    ] {
        if kinds.contains(&kind) && given[needed].is_null() {
            return Err(invalid(format!("{} can't be blank", needed[..1].to_uppercase() + &needed[1..])));
        }
    }
    let name = given["name"].as_str().unwrap_or("@");
    let name = name.strip_suffix(&format!(".{domain}.")).unwrap_or(name);
    Ok(object(json!({
        "type": kind,
        "name": name,
        "data": named.unwrap_or(data),
        "priority": given["priority"],
        "port": given["port"],
        "ttl": ttl,
        "weight": given["weight"],
        "flags": given["flags"],
        "tag": given["tag"],
    })))
}

fn show(id: u64, record: &Map<String, Value>) -> Value {
    let mut shown = record.clone();
    // What its type does not have is there all the same, and null.
    for key in ["priority", "port", "weight", "flags", "tag"] {
        shown.entry(key).or_insert(Value::Null);
    }
    shown.insert("id".to_owned(), id.into());
    Value::Object(shown)
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a Domain, Refusal> {
    world.domains.get(call.param("domain")).ok_or_else(missing)
}

fn number(call: &Call) -> Result<u64, Refusal> {
    call.param("record").parse().map_err(|_| missing())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
