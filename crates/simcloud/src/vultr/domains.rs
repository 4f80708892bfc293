//! `/v2/domains`; their records have a file of their own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::ids;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{Refusal, body, invalid, page, refuse, text, time};
use crate::vultr::records::Record;
use crate::vultr::world::{Moment, World};

/// A domain and its records.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Domain {
    dns_sec: String,
    created_at: Timestamp,
    pub(super) records: BTreeMap<String, Record>,
}

impl Domain {
    fn show(&self, name: &str) -> Value {
        json!({"domain": name, "date_created": time(self.created_at), "dns_sec": self.dns_sec})
    }
}

/// `GET /v2/domains`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let domains = world.domains.iter().map(|(name, domain)| (name.clone(), domain.show(name)));
    page(call, "domains", &domains.collect::<Vec<_>>())
}

/// `POST /v2/domains`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let name = text(&body, "domain")?.to_lowercase();
    if !name.contains('.') || name.split('.').any(str::is_empty) {
        return Err(invalid("Invalid domain."));
    }
    if world.domains.contains_key(&name) {
        return Err(invalid("Domain is already in use"));
    }
    let dns_sec = body["dns_sec"].as_str().unwrap_or("disabled").to_owned();
    let mut domain = Domain { dns_sec, created_at: moment.now, records: BTreeMap::new() };
    for server in ["ns1.vultr.com", "ns2.vultr.com"] {
        domain.records.insert(ids::uuid(), Record::plain("NS", server));
    }
    if let Some(address) = body["ip"].as_str().filter(|address| !address.is_empty()) {
        domain.records.insert(ids::uuid(), Record::plain("A", address));
    }
    let shown = domain.show(&name);
    world.domains.insert(name, domain);
    Ok(Reply::json(200, &json!({"domain": shown})))
}

/// `GET /v2/domains/{domain}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let name = call.param("domain");
    Ok(Reply::json(200, &json!({"domain": found(world, call)?.show(name)})))
}

/// `PUT /v2/domains/{domain}`
pub(super) fn update(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let domain = found(world, call)?;
    text(&body, "dns_sec")?.clone_into(&mut domain.dns_sec);
    Ok(Reply::nothing())
}

/// `DELETE /v2/domains/{domain}`
pub(super) fn delete(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    found(world, call)?;
    world.domains.remove(call.param("domain"));
    Ok(Reply::nothing())
}

/// `GET /v2/domains/{domain}/soa`
pub(super) fn soa(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    found(world, call)?;
    let email = format!("admin@{}", call.param("domain"));
    Ok(Reply::json(200, &json!({"dns_soa": {"nsprimary": "ns1.vultr.com", "email": email}})))
}

/// The domain that the path names.
pub(super) fn found<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Domain, Refusal> {
    world.domains.get_mut(call.param("domain")).ok_or_else(|| refuse(404, "Domain not found"))
}
