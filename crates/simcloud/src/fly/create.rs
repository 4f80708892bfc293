//! `POST /apps/{app}/machines`: the rules of a new machine.

use serde_json::{Value, json};

use crate::call::Call;
use crate::clock::after;
use crate::fly::Answer;
use crate::fly::answer::{Refusal, body, invalid, refuse, refuse_as, unready, version_id};
use crate::fly::apps::App;
use crate::fly::catalog::{self, CROWDED, FULL, Guest, QUOTA};
use crate::fly::event::Event;
use crate::fly::lease::Lease;
use crate::fly::machine::Machine;
use crate::fly::world::{Moment, World};
use crate::ids;
use crate::reply::Reply;

/// `POST /apps/{app}/machines`
pub(super) fn create(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let body = body(call)?;
    let config = config(&body["config"])?;
    let name = body["name"].as_str().unwrap_or_default();
    check_name(world, call.param("app"), name, None)?;
    let volume = volume(world, call.param("app"), &config)?;
    let wish = body["region"].as_str().unwrap_or_default();
    let region = match &volume {
        Some((id, there)) if !wish.is_empty() && !wish.split(',').any(|part| part.trim() == there) => {
            return Err(invalid(format!("volume {id} is in region {there}, the machine is to be in {wish}")));
        }
        Some((_, there)) => there.clone(),
        None => catalog::region(wish)?.to_owned(),
    };
    has_room(&region, volume.as_ref().map(|(id, _)| id.as_str()))?;
    let mut machine = machine(call.param("app"), name, &region, config, moment);
    machine.listed_at = after(moment.now, call.veil.late.unwrap_or_default());
    machine.note(Event::asked("launch", "created", moment.now), moment.now);
    let mut nonce = None;
    if let Some(seconds) = body["lease_ttl"].as_i64().filter(|seconds| *seconds > 0) {
        let lease = Lease::new(seconds, "", moment.now);
        nonce = Some(lease.nonce.clone());
        machine.lease = Some(lease);
    }
    let mut shown = machine.show();
    if let Some(nonce) = nonce {
        shown["nonce"] = nonce.into();
    }
    let id = machine.id.clone();
    moment.sim.bill.open(machine.charge(moment.now));
    world.add(machine);
    if let Some(volume) = volume.and_then(|(volume, _)| world.volumes.get_mut(&volume)) {
        volume.machine = Some(id.clone());
    }
    if body["skip_launch"] != true {
        world.launch(&id, moment);
    }
    Ok(Reply::json(200, &shown))
}

/// The configuration that `given` asks for, with a guest that says all; or what is wrong with it.
pub(super) fn config(given: &Value) -> Result<Value, Refusal> {
    let image = given["image"].as_str().unwrap_or_default();
    if image.is_empty() {
        return Err(invalid("config.image is required"));
    }
    // The one image that nobody has: see `mod.rs`.
    if image.rsplit('/').next().is_some_and(|last| last.starts_with("missing")) {
        return Err(refuse(
            400,
            format!("failed to get manifest {image}: request failed: not found: manifest unknown"),
        ));
    }
    let guest = Guest::read(given)?;
    for key in ["env", "metadata"] {
        let texts = given[key].as_object().is_none_or(|map| map.values().all(Value::is_string));
        if !texts || !(given[key].is_object() || given[key].is_null()) {
            return Err(invalid(format!("config.{key} must map strings to strings")));
        }
    }
    let policy = given["restart"]["policy"].as_str().unwrap_or("no");
    if !["no", "always", "on-failure", "spot-price"].contains(&policy) {
        return Err(invalid(format!("invalid config.restart.policy {policy}")));
    }
    for file in given["files"].as_array().into_iter().flatten() {
        let path = file["guest_path"].as_str().unwrap_or_default();
        if !path.starts_with('/') {
            return Err(invalid("config.files: guest_path must be an absolute path"));
        }
    }
    let mut config = given.clone();
    config["guest"] = guest.show(&given["guest"]);
    if let Some(config) = config.as_object_mut() {
        config.remove("size");
    }
    Ok(config)
}

/// Refuses a name that another machine of the app has.
pub(super) fn check_name(world: &World, app: &str, name: &str, own: Option<&str>) -> Result<(), Refusal> {
    match world.named(app, name).filter(|id| !name.is_empty() && own != Some(*id)) {
        Some(id) => {
            let text = format!(
                "already_exists: unique machine name violation, machine ID {id} already exists with name \"{name}\""
            );
            Err(refuse(409, text))
        }
        None => Ok(()),
    }
}

/// The volume that a configuration mounts, and its region. It must be there and be free.
fn volume(world: &World, app: &str, config: &Value) -> Result<Option<(String, String)>, Refusal> {
    let mounts = config["mounts"].as_array().map_or(&[][..], Vec::as_slice);
    let [mount] = mounts else {
        return if mounts.is_empty() { Ok(None) } else { Err(invalid("a machine can have only one volume")) };
    };
    let id = mount["volume"].as_str().unwrap_or_default();
    if !mount["path"].as_str().is_some_and(|path| path.starts_with('/')) {
        return Err(invalid("config.mounts: path must be an absolute path"));
    }
    let volume = world.volumes.get(id).filter(|volume| volume.app == app && volume.deleted_at.is_none());
    let volume = volume.ok_or_else(|| refuse(404, format!("volume {id} not found")))?;
    match &volume.machine {
        Some(other) => Err(unready(format!("volume {id} is already attached to machine {other}"))),
        None => Ok(Some((id.to_owned(), volume.region.clone()))),
    }
}

/// Refuses where a reserved region says that there is no room.
fn has_room(region: &str, volume: Option<&str>) -> Result<(), Refusal> {
    match (region, volume) {
        (FULL, _) => {
            Err(refuse_as(503, "insufficient_capacity", "insufficient resources available to fulfill request"))
        }
        (QUOTA, _) => {
            let text =
                "organization \"personal\" is using 204800 MB of memory in quota which is over the allowed quota";
            Err(refuse(403, text))
        }
        (CROWDED, Some(id)) => {
            Err(refuse(412, format!("insufficient resources to create new machine with existing volume '{id}'")))
        }
        _ => Ok(()),
    }
}

/// A machine that was just created.
fn machine(app: &str, name: &str, region: &str, config: Value, moment: &Moment<'_>) -> Machine {
    let id = ids::hex(&ids::random::<7>());
    let name = if name.is_empty() { format!("still-water-{}", &id[6..]) } else { name.to_owned() };
    Machine {
        name,
        app: app.to_owned(),
        region: region.to_owned(),
        state: "created".to_owned(),
        versions: vec![(version_id(moment.now), config.clone())],
        config,
        created_at: moment.now,
        updated_at: moment.now,
        listed_at: moment.now,
        gone_at: None,
        course: None,
        events: Vec::new(),
        lease: None,
        cordoned: false,
        restarts: 0,
        life: 0,
        exit: None,
        id,
    }
}

/// `count` machines of somebody's who knows nothing of us: in the app that was made last, or in one of theirs. Nothing runs for
/// them.
pub(super) fn foreign(world: &mut World, moment: &Moment<'_>, count: usize) -> Vec<String> {
    let newest = world.apps.iter().max_by_key(|(_, app)| app.created_at).map(|(name, _)| name.clone());
    let app = newest.unwrap_or_else(|| {
        let app = format!("foreign-{}", ids::hex(&ids::random::<4>()));
        world.apps.insert(app.clone(), App::new("default", moment.now));
        app
    });
    let config = json!({
        "image": "registry-1.docker.io/library/nginx:1.29",
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256},
    });
    let mut made = Vec::with_capacity(count);
    for _ in 0..count {
        let mut machine = machine(&app, "", "iad", config.clone(), moment);
        "started".clone_into(&mut machine.state);
        moment.sim.bill.open(machine.charge(moment.now));
        made.push(machine.id.clone());
        world.add(machine);
    }
    made
}
