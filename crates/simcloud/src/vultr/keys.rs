//! `/v2/ssh-keys`: any number of them, the same key twice included.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::ids;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{Refusal, body, invalid, is_base64, page, refuse, text, time};
use crate::vultr::world::{Moment, World};

/// An ssh key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key {
    id: String,
    name: String,
    material: String,
    created_at: Timestamp,
}

impl Key {
    fn show(&self) -> Value {
        json!({"id": self.id, "date_created": time(self.created_at), "name": self.name, "ssh_key": self.material})
    }
}

/// What the keys of those ids are.
pub(super) fn materials(world: &World, ids: &[String]) -> Vec<String> {
    ids.iter().filter_map(|id| world.keys.get(id)).map(|key| key.material.clone()).collect()
}

/// `GET /v2/ssh-keys`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    page(call, "ssh_keys", &world.keys.iter().map(|(id, key)| (id.clone(), key.show())).collect::<Vec<_>>())
}

/// `POST /v2/ssh-keys`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let (name, material) = (text(&body, "name")?.to_owned(), checked(text(&body, "ssh_key")?)?);
    let key = Key { id: ids::uuid(), name, material, created_at: moment.now };
    let shown = key.show();
    world.keys.insert(key.id.clone(), key);
    Ok(Reply::json(201, &json!({"ssh_key": shown})))
}

/// `GET /v2/ssh-keys/{id}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"ssh_key": found(world, call)?.show()})))
}

/// `PATCH /v2/ssh-keys/{id}`
pub(super) fn patch(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let material = body["ssh_key"].as_str().map(checked).transpose()?;
    let key = found(world, call)?;
    body["name"].as_str().unwrap_or(&key.name.clone()).clone_into(&mut key.name);
    if let Some(material) = material {
        key.material = material;
    }
    Ok(Reply::nothing())
}

/// `DELETE /v2/ssh-keys/{id}`
pub(super) fn delete(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    found(world, call)?;
    world.keys.remove(call.param("id"));
    Ok(Reply::nothing())
}

fn checked(key: &str) -> Result<String, Refusal> {
    let mut words = key.split_whitespace();
    let legal = words.next().is_some() && words.next().is_some_and(is_base64);
    if legal { Ok(key.to_owned()) } else { Err(invalid("Invalid SSH key.")) }
}

fn found<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Key, Refusal> {
    world.keys.get_mut(call.param("id")).ok_or_else(|| refuse(404, "SSH key not found"))
}
