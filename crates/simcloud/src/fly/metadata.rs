//! `…/{machine}/metadata`: what is written on a machine. To change it restarts nothing.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::{Refusal, body, invalid, refuse, unready};
use crate::fly::lease::changeable;
use crate::fly::world::{Moment, World};
use crate::reply::Reply;

/// `GET …/metadata`
pub(super) fn get(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let metadata = world.machine(moment, call)?.config["metadata"].as_object().cloned().unwrap_or_default();
    Ok(Reply::json(200, &metadata))
}

/// `PUT …/metadata`: this and nothing else.
pub(super) fn replace(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let given = given(world, moment, call)?;
    if !given.values().all(Value::is_string) {
        return Err(invalid("metadata must map strings to strings"));
    }
    change(world, moment, call, |metadata| *metadata = given)
}

/// `PATCH …/metadata`: this beside what there is; a key without a value goes.
pub(super) fn merge(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let given = given(world, moment, call)?;
    if !given.values().all(|value| value.is_string() || value.is_null()) {
        return Err(invalid("metadata must map strings to strings"));
    }
    change(world, moment, call, |metadata| {
        for (key, value) in given {
            if value.is_null() || value == "" {
                metadata.remove(&key);
            } else {
                metadata.insert(key, value);
            }
        }
    })
}

/// `GET …/metadata/{key}`
pub(super) fn get_key(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let value = &world.machine(moment, call)?.config["metadata"][call.param("key")];
    match value.as_str() {
        Some(value) => Ok(Reply::json(200, &json!({"value": value}))),
        None => Err(refuse(404, format!("metadata key {} not found", call.param("key")))),
    }
}

/// `POST …/metadata/{key}`
pub(super) fn set_key(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let value = body(call)?["value"].as_str().map(str::to_owned).ok_or_else(|| invalid("value is required"))?;
    change(world, moment, call, |metadata| {
        metadata.insert(call.param("key").to_owned(), value.into());
    })
}

/// `DELETE …/metadata/{key}`
pub(super) fn delete_key(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    change(world, moment, call, |metadata| {
        metadata.remove(call.param("key"));
    })
}

/// The metadata in the body, if it was written for the version that the machine has.
fn given(world: &World, moment: &Moment<'_>, call: &Call) -> Result<Map<String, Value>, Refusal> {
    let body = body(call)?;
    let machine = world.machine(moment, call)?;
    match body["machine_version"].as_str().filter(|version| !version.is_empty()) {
        Some(expected) if expected != machine.version() => Err(unready("machine version mismatch")),
        _ => body["metadata"].as_object().cloned().ok_or_else(|| invalid("metadata is required")),
    }
}

fn change(world: &mut World, moment: &Moment<'_>, call: &Call, change: impl FnOnce(&mut Map<String, Value>)) -> Answer {
    let machine = changeable(world, moment, call)?;
    let mut metadata = machine.config["metadata"].as_object().cloned().unwrap_or_default();
    change(&mut metadata);
    machine.config["metadata"] = metadata.into();
    machine.updated_at = moment.now;
    moment.sim.bill.mark("machine", &machine.id, machine.markers());
    Ok(Reply::nothing())
}
