//! `POST …/{machine}`, and `PUT` as some clients do: another configuration in the place of the whole one.

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::{body, invalid, unready, version_id};
use crate::fly::create::{check_name, config};
use crate::fly::event::Event;
use crate::fly::lease::{Lease, changeable};
use crate::fly::power::host_has_room;
use crate::fly::world::{Moment, World};
use crate::reply::Reply;

/// The states in which a machine can be given another configuration.
const READY: &[&str] = &["created", "starting", "started", "stopped", "suspended", "failed"];

/// `POST …/{machine}` and `PUT …/{machine}`
pub(super) fn update(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let config = config(&body["config"])?;
    let machine = changeable(world, moment, call)?;
    if let Some(expected) = body["current_version"].as_str().filter(|version| !version.is_empty())
        && expected != machine.version()
    {
        let version = machine.version();
        return Err(unready(format!("machine version mismatch: expected {expected}, current {version}")));
    }
    if !READY.contains(&&*machine.state) {
        return Err(unready(format!("unable to update machine from current state: '{}'", machine.state)));
    }
    if config["mounts"][0]["volume"] != machine.config["mounts"][0]["volume"] {
        return Err(invalid("the volume of a machine cannot be changed"));
    }
    host_has_room(&machine.region)?;
    let id = machine.id.clone();
    let name = body["name"].as_str().unwrap_or_default();
    check_name(world, call.param("app"), name, Some(&id))?;
    if !name.is_empty() {
        world.rename(&id, name);
    }
    let machine = changeable(world, moment, call)?;
    let before = machine.hourly();
    machine.versions.push((version_id(moment.now), config.clone()));
    machine.config = config;
    machine.restarts = 0;
    if machine.hourly().to_bits() != before.to_bits() {
        moment.sim.bill.reprice("machine", &id, machine.hourly(), moment.now);
    }
    moment.sim.bill.mark("machine", &id, machine.markers());
    let mut nonce = None;
    if let Some(seconds) = body["lease_ttl"].as_i64().filter(|seconds| *seconds > 0) {
        let lease = Lease::new(seconds, "", moment.now);
        nonce = Some(lease.nonce.clone());
        machine.lease = Some(lease);
    }
    if body["skip_launch"] == true {
        machine.course = None;
        machine.cut(moment);
        let state = if machine.state == "created" { "created" } else { "stopped" };
        world.enter(&id, state, Event::asked("update", state, moment.now), moment);
    } else {
        world.enter(&id, "replacing", Event::asked("update", "replacing", moment.now), moment);
    }
    let mut shown = world.machine(moment, call)?.show();
    if body["skip_launch"] != true {
        world.launch(&id, moment);
    }
    if let Some(nonce) = nonce {
        shown["nonce"] = nonce.into();
    }
    Ok(Reply::json(200, &shown))
}
