//! `/v2/projects` and what stands in them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::digitalocean::Answer;
use crate::digitalocean::answer::{Refusal, body, invalid, missing, page, refuse, text, texts, time};
use crate::digitalocean::world::{Moment, World};
use crate::ids;
use crate::reply::Reply;

/// A project.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Project {
    name: String,
    description: String,
    purpose: String,
    environment: String,
    is_default: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// In which project a thing stands, and since when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Assigned {
    project: String,
    at: Timestamp,
}

impl Project {
    fn show(&self, id: &str, owner: &str) -> Value {
        json!({
            "id": id,
            "owner_uuid": owner,
            "owner_id": 258_992,
            "name": self.name,
            "description": self.description,
            "purpose": self.purpose,
            "environment": self.environment,
            "is_default": self.is_default,
            "created_at": time(self.created_at),
            "updated_at": time(self.updated_at),
        })
    }
}

/// `GET /v2/projects`
pub(super) fn list(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    default(world, moment);
    let projects: Vec<_> = world.projects.iter().collect();
    Ok(page(call, "projects", &projects, |(id, project)| project.show(id, &world.uuid)))
}

/// `POST /v2/projects`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let name = text(&body, "name")?;
    let purpose = text(&body, "purpose")?;
    let environment = environment(&body)?;
    default(world, moment);
    if world.projects.values().any(|project| project.name == name) {
        return Err(refuse(409, "name is already in use"));
    }
    let project = Project {
        name: name.to_owned(),
        description: body["description"].as_str().unwrap_or_default().to_owned(),
        purpose: purpose.to_owned(),
        environment: environment.unwrap_or_default(),
        is_default: false,
        created_at: moment.now,
        updated_at: moment.now,
    };
    let id = ids::uuid();
    let shown = project.show(&id, &world.uuid);
    world.projects.insert(id, project);
    Ok(Reply::json(201, &json!({"project": shown})))
}

/// `GET /v2/projects/{id}`
pub(super) fn get(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let id = found(world, moment, call)?;
    let shown = world.projects.get(&id).map(|project| project.show(&id, &world.uuid));
    Ok(Reply::json(200, &json!({"project": shown})))
}

/// `PUT` and `PATCH /v2/projects/{id}`
pub(super) fn update(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let id = found(world, moment, call)?;
    let environment = environment(&body)?;
    if body["is_default"] == true {
        for project in world.projects.values_mut() {
            project.is_default = false;
        }
    }
    if let Some(project) = world.projects.get_mut(&id) {
        let own = |key: &str, before: &str| body[key].as_str().unwrap_or(before).to_owned();
        project.name = own("name", &project.name);
        project.description = own("description", &project.description);
        project.purpose = own("purpose", &project.purpose);
        project.environment = environment.unwrap_or_else(|| project.environment.clone());
        project.is_default |= body["is_default"] == true;
        project.updated_at = moment.now;
    }
    let shown = world.projects.get(&id).map(|project| project.show(&id, &world.uuid));
    Ok(Reply::json(200, &json!({"project": shown})))
}

/// `DELETE /v2/projects/{id}`
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let id = found(world, moment, call)?;
    if id == default(world, moment) || !urns(world, moment, &id).is_empty() {
        return Err(refuse(412, "cannot delete a project with resources, or the default project"));
    }
    world.projects.remove(&id);
    Ok(Reply::nothing())
}

/// `GET /v2/projects/{id}/resources`
pub(super) fn resources(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let id = found(world, moment, call)?;
    let urns = urns(world, moment, &id);
    Ok(page(call, "resources", &urns, |urn| show(world, urn, "ok", moment, call)))
}

/// `POST /v2/projects/{id}/resources`
pub(super) fn assign(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let id = found(world, moment, call)?;
    let there = all_urns(world);
    let mut shown = Vec::new();
    for urn in texts(&body, "resources")? {
        if urn.split(':').count() != 3 || !urn.starts_with("do:") {
            return Err(invalid(format!("{urn} is not a valid URN")));
        }
        let status = if !there.contains(&urn) {
            "not_found"
        } else if world.assigned.get(&urn).is_some_and(|assigned| assigned.project == id) {
            "already_assigned"
        } else {
            world.assigned.insert(urn.clone(), Assigned { project: id.clone(), at: moment.now });
            "assigned"
        };
        shown.push(show(world, &urn, status, moment, call));
    }
    Ok(Reply::json(200, &json!({"resources": shown})))
}

/// The id of the default project, which every account has.
fn default(world: &mut World, moment: &Moment<'_>) -> String {
    if let Some((id, _)) = world.projects.iter().find(|(_, project)| project.is_default) {
        return id.clone();
    }
    let id = ids::uuid();
    let project = Project {
        name: "first-project".to_owned(),
        description: "Update your project information under Settings".to_owned(),
        purpose: "Just trying out DigitalOcean".to_owned(),
        environment: "Development".to_owned(),
        is_default: true,
        created_at: moment.now,
        updated_at: moment.now,
    };
    world.projects.insert(id.clone(), project);
    id
}

fn found(world: &mut World, moment: &Moment<'_>, call: &Call) -> Result<String, Refusal> {
    let default = default(world, moment);
    let asked = call.param("id");
    let id = if asked == "default" { default } else { asked.to_owned() };
    if world.projects.contains_key(&id) { Ok(id) } else { Err(missing()) }
}

fn environment(body: &Value) -> Result<Option<String>, Refusal> {
    match body["environment"].as_str() {
        None => Ok(None),
        Some(known @ ("Development" | "Staging" | "Production")) => Ok(Some(known.to_owned())),
        Some(_) => Err(invalid("environment must be one of Development, Staging, Production")),
    }
}

/// Everything that stands in some project.
fn all_urns(world: &World) -> Vec<String> {
    let droplets = world.droplets.values().filter(|droplet| droplet.is_there());
    let droplets = droplets.map(|droplet| format!("do:droplet:{}", droplet.id));
    let volumes = world.volumes.keys().map(|id| format!("do:volume:{id}"));
    let domains = world.domains.keys().map(|name| format!("do:domain:{name}"));
    droplets.chain(volumes).chain(domains).collect()
}

/// What stands in that project: what was moved to it, and in the default one all that was moved nowhere.
fn urns(world: &mut World, moment: &Moment<'_>, id: &str) -> Vec<String> {
    let is_default = default(world, moment) == id;
    let stands = |urn: &String| world.assigned.get(urn).map_or(is_default, |assigned| assigned.project == id);
    all_urns(world).into_iter().filter(stands).collect()
}

fn show(world: &World, urn: &str, status: &str, moment: &Moment<'_>, call: &Call) -> Value {
    let mut parts = urn.splitn(3, ':').skip(1);
    let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    json!({
        "urn": urn,
        "assigned_at": time(world.assigned.get(urn).map_or(moment.now, |assigned| assigned.at)),
        "links": {"self": format!("{}/v2/{kind}s/{id}", call.origin)},
        "status": status,
    })
}
