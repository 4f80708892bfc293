//! `GET …/{machine}/wait`: a request that is answered when a machine has arrived somewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::call::Call;
use crate::fly::Fly;
use crate::fly::answer::{Refusal, invalid, listed, refuse};
use crate::fly::machine::Machine;
use crate::fly::world::{Moment, World};
use crate::reply::Reply;

/// How long a request may wait, in seconds of real time: it is a connection that is held.
const LONGEST: u64 = 60;

/// How often a machine is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(20);

/// What can be waited for.
const STATES: &[&str] = &["started", "stopped", "suspended", "destroyed", "failed", "settled"];

/// States in which a machine stays.
const SETTLED: &[&str] = &["created", "started", "stopped", "suspended", "destroyed", "failed"];

/// `GET …/wait`
pub(super) async fn wait(fly: Arc<Fly>, call: Call) -> (Call, Reply) {
    let given = call.query("timeout").map(str::parse::<u64>).transpose();
    let Ok(seconds) = given else { return (call, invalid("timeout is no number of seconds").into()) };
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(LONGEST).clamp(1, LONGEST));
    loop {
        if let Some(reply) = fly.look(&call, |world, moment, call| look(world, moment, call).transpose()) {
            return (call, reply);
        }
        if Instant::now() >= until {
            let text = "deadline_exceeded: timeout reached waiting for machine's state to change";
            return (call, refuse(408, text).into());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What there is to say by now; nothing while there is nothing.
fn look(world: &World, moment: &Moment<'_>, call: &Call) -> Result<Option<Reply>, Refusal> {
    let machine = world.machine(moment, call)?;
    let mut wanted = listed(call, "state");
    if wanted.is_empty() {
        wanted.push("started");
    }
    if let Some(unknown) = wanted.iter().find(|state| !STATES.contains(state)) {
        return Err(invalid(format!("cannot wait for state {unknown}")));
    }
    if let Some(version) = call.query("version").or_else(|| call.query("instance_id")).filter(|id| !id.is_empty())
        && version != machine.version()
    {
        return Err(if machine.versions.iter().any(|(older, _)| older == version) {
            refuse(400, format!("machine failed to reach desired state, {wanted:?}, and is currently replaced"))
        } else {
            refuse(404, format!("machine version {version} not found"))
        });
    }
    let last = machine.events.last().map_or("", |event| &event.id);
    let news = call.query("from_event_id").is_none_or(|seen| seen != last);
    let settled = wanted.contains(&"settled") && SETTLED.contains(&&*machine.state) && machine.course.is_none();
    if news && (settled || wanted.contains(&&*machine.state)) {
        let answer = json!({"ok": true, "state": machine.state, "version": machine.version(), "event_id": last});
        return Ok(Some(Reply::json(200, &answer)));
    }
    if is_hopeless(machine, &wanted) {
        let state = &machine.state;
        return Err(refuse(
            400,
            format!("machine failed to reach desired state, {wanted:?}, and is currently {state}"),
        ));
    }
    Ok(None)
}

/// Whether the machine will never be where it is waited for. One that is stopped can be started by somebody, unless its work
/// is done and it is not to begin again.
fn is_hopeless(machine: &Machine, wanted: &[&str]) -> bool {
    let ended = machine.exit.is_some_and(|exit| !exit.requested) && machine.config["restart"]["policy"] == "no";
    match &*machine.state {
        "destroyed" | "failed" | "launch_failed" => true,
        "destroying" => !wanted.contains(&"destroyed"),
        "stopped" => ended && wanted == ["started"],
        _ => false,
    }
}
