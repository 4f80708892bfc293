//! `/v2/startup-scripts`: what an instance runs when it first comes up.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::ids;
use crate::reply::Reply;
use crate::vultr::Answer;
use crate::vultr::answer::{Refusal, body, invalid, is_base64, page, refuse, text, time};
use crate::vultr::world::{Moment, World};

/// A startup script.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Script {
    id: String,
    name: String,
    /// `boot` or `pxe`.
    kind: String,
    /// Base64.
    text: String,
    created_at: Timestamp,
    changed_at: Timestamp,
}

impl Script {
    fn show(&self) -> Value {
        json!({
            "id": self.id,
            "date_created": time(self.created_at),
            "date_modified": time(self.changed_at),
            "name": self.name,
            "script": self.text,
            "type": self.kind,
        })
    }
}

/// `GET /v2/startup-scripts`
pub(super) fn list(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    let scripts = world.scripts.iter().map(|(id, script)| (id.clone(), script.show()));
    page(call, "startup_scripts", &scripts.collect::<Vec<_>>())
}

/// `POST /v2/startup-scripts`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let kind = body["type"].as_str().unwrap_or("boot");
    if !["boot", "pxe"].contains(&kind) {
        return Err(invalid("Invalid script type."));
    }
    let script = Script {
        id: ids::uuid(),
        name: text(&body, "name")?.to_owned(),
        kind: kind.to_owned(),
        text: checked(text(&body, "script")?)?,
        created_at: moment.now,
        changed_at: moment.now,
    };
    let shown = script.show();
    world.scripts.insert(script.id.clone(), script);
    Ok(Reply::json(201, &json!({"startup_script": shown})))
}

/// `GET /v2/startup-scripts/{id}`
pub(super) fn get(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &json!({"startup_script": found(world, call)?.show()})))
}

/// `PATCH /v2/startup-scripts/{id}`
pub(super) fn patch(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let text = body["script"].as_str().map(checked).transpose()?;
    let script = found(world, call)?;
    body["name"].as_str().unwrap_or(&script.name.clone()).clone_into(&mut script.name);
    script.text = text.unwrap_or_else(|| script.text.clone());
    script.changed_at = moment.now;
    Ok(Reply::nothing())
}

/// `DELETE /v2/startup-scripts/{id}`
pub(super) fn delete(world: &mut World, _: &Moment<'_>, call: &Call) -> Answer {
    found(world, call)?;
    world.scripts.remove(call.param("id"));
    Ok(Reply::nothing())
}

fn checked(script: &str) -> Result<String, Refusal> {
    if is_base64(script) {
        Ok(script.to_owned())
    } else {
        Err(invalid("Invalid script. Scripts must be base64 encoded."))
    }
}

fn found<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Script, Refusal> {
    world.scripts.get_mut(call.param("id")).ok_or_else(|| refuse(404, "Startup script not found"))
}
