//! `/v2/account/keys`: ssh keys, by id and by fingerprint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{Refusal, body, invalid, missing, page, text};
use crate::digitalocean::world::{Moment, World};
use crate::reply::Reply;

/// An ssh key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key {
    name: String,
    material: String,
    fingerprint: String,
}

impl Key {
    fn show(&self, id: u64) -> Value {
        json!({"id": id, "fingerprint": self.fingerprint, "public_key": self.material, "name": self.name})
    }
}

/// `GET /v2/account/keys`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(page(call, "ssh_keys", &world.keys.iter().collect::<Vec<_>>(), |(id, key)| key.show(**id)))
}

/// `POST /v2/account/keys`
pub(super) fn create(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let (name, public_key) = (text(&body, "name")?, text(&body, "public_key")?);
    let fingerprint = fingerprint(public_key)
        .ok_or_else(|| invalid("Key invalid, key should be of the format `type key [comment]`"))?;
    if world.keys.values().any(|key| key.fingerprint == fingerprint) {
        return Err(invalid("SSH Key is already in use on your account"));
    }
    let key = Key { name: name.to_owned(), material: public_key.to_owned(), fingerprint };
    let id = world.next();
    let shown = key.show(id);
    world.keys.insert(id, key);
    Ok(Reply::json(201, &json!({"ssh_key": shown})))
}

/// `GET /v2/account/keys/{id or fingerprint}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = find(world, call.param("id"))?;
    Ok(Reply::json(200, &json!({"ssh_key": world.keys.get(&id).map(|key| key.show(id))})))
}

/// `PUT /v2/account/keys/{id or fingerprint}`
pub(super) fn update(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let id = find(world, call.param("id"))?;
    if let Some(key) = world.keys.get_mut(&id) {
        text(&body, "name")?.clone_into(&mut key.name);
    }
    get(world, moment, call)
}

/// `DELETE /v2/account/keys/{id or fingerprint}`
pub(super) fn delete(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let id = find(world, call.param("id"))?;
    world.keys.remove(&id);
    Ok(Reply::nothing())
}

/// Whether a droplet can be given this key.
pub(super) fn is_known(world: &World, key: &Value) -> bool {
    find(world, &key.as_str().map_or_else(|| key.to_string(), str::to_owned)).is_ok()
}

/// What the keys of a new droplet are.
pub(super) fn materials(world: &World, keys: &Value) -> Vec<String> {
    let ids =
        keys.as_array().into_iter().flatten().map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned));
    ids.filter_map(|id| Some(world.keys.get(&find(world, &id).ok()?)?.material.clone())).collect()
}

fn find(world: &World, asked: &str) -> Result<u64, Refusal> {
    let mut keys = world.keys.iter();
    let found = keys.find(|(id, key)| key.fingerprint == asked || id.to_string() == asked);
    found.map(|(id, _)| *id).ok_or_else(missing)
}

/// MD5 of the key material, in pairs of digits. Nothing if it is no key.
fn fingerprint(public_key: &str) -> Option<String> {
    let mut words = public_key.split_whitespace();
    let kind = words.next()?;
    let material = STANDARD.decode(words.next()?).ok()?;
    // The material says its own kind, after four bytes of length.
    let named = material.get(4..4 + kind.len())? == kind.as_bytes();
    let pairs: Vec<_> = Md5::digest(&material).iter().map(|byte| format!("{byte:02x}")).collect();
    named.then(|| pairs.join(":"))
}
