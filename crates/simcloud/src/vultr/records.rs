//! `/v2/domains/{domain}/records`

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::ids;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{Refusal, body, invalid, page, refuse, text};
use crate::vultr::domains::found;
use crate::vultr::world::{Moment, World};

/// What a record may be.
const KINDS: &[&str] = &["A", "AAAA", "CNAME", "NS", "MX", "SRV", "TXT", "CAA", "SSHFP"];

/// How long a record is kept by those who ask, unless it says otherwise.
const TTL: u64 = 300;

/// A record of a domain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    kind: String,
    /// What stands before the domain's name; empty for the domain itself.
    name: String,
    data: String,
    priority: i64,
    ttl: u64,
}

impl Record {
    /// One of the domain itself.
    pub(super) fn plain(kind: &str, data: &str) -> Self {
        Self { kind: kind.to_owned(), name: String::new(), data: data.to_owned(), priority: -1, ttl: TTL }
    }

    fn show(&self, id: &str) -> Value {
        json!({
            "id": id, "type": self.kind, "name": self.name, "data": self.data, "priority": self.priority, "ttl": self.ttl,
        })
    }

    /// Whether its data can be what its kind says.
    fn checked(self) -> Result<Self, Refusal> {
        let legal = match &*self.kind {
            "A" => self.data.parse::<std::net::Ipv4Addr>().is_ok(),
            "AAAA" => self.data.parse::<std::net::Ipv6Addr>().is_ok(),
            "MX" | "SRV" => self.priority >= 0,
            kind => KINDS.contains(&kind),
        };
        if legal { Ok(self) } else { Err(invalid("Invalid record.")) }
    }
}

/// `GET /v2/domains/{domain}/records`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let records = found(world, call)?.records.iter().map(|(id, record)| (id.clone(), record.show(id)));
    page(call, "records", &records.collect::<Vec<_>>())
}

/// `POST /v2/domains/{domain}/records`
pub(super) fn create(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let domain = found(world, call)?;
    let record = Record {
        kind: text(&body, "type")?.to_owned(),
        name: body["name"].as_str().ok_or_else(|| invalid("Bad request."))?.to_owned(),
        data: text(&body, "data")?.to_owned(),
        priority: body["priority"].as_i64().unwrap_or(-1),
        ttl: body["ttl"].as_u64().unwrap_or(TTL),
    };
    let (id, record) = (ids::uuid(), record.checked()?);
    let shown = record.show(&id);
    domain.records.insert(id, record);
    Ok(Reply::json(201, &json!({"record": shown})))
}

/// `GET /v2/domains/{domain}/records/{id}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = call.param("id");
    Ok(Reply::json(200, &json!({"record": one(world, call)?.show(id)})))
}

/// `PATCH /v2/domains/{domain}/records/{id}`
pub(super) fn patch(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let record = one(world, call)?;
    let mut changed = record.clone();
    body["name"].as_str().unwrap_or(&record.name).clone_into(&mut changed.name);
    body["data"].as_str().unwrap_or(&record.data).clone_into(&mut changed.data);
    changed.ttl = body["ttl"].as_u64().unwrap_or(record.ttl);
    changed.priority = body["priority"].as_i64().unwrap_or(record.priority);
    *record = changed.checked()?;
    Ok(Reply::nothing())
}

/// `DELETE /v2/domains/{domain}/records/{id}`
pub(super) fn delete(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    one(world, call)?;
    found(world, call)?.records.remove(call.param("id"));
    Ok(Reply::nothing())
}

fn one<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Record, Refusal> {
    found(world, call)?.records.get_mut(call.param("id")).ok_or_else(|| refuse(404, "Record not found"))
}
