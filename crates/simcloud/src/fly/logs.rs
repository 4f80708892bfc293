//! `GET /api/v1/apps/{app}/logs`: what machines wrote, a hundred lines at a time.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::invalid;
use crate::fly::machine::Machine;
use crate::fly::world::{Moment, World};
use crate::machines::Line;
use crate::reply::Reply;

/// How many lines are in one answer.
const PAGE: usize = 100;

/// How far back the first answer looks that is to go on from nowhere.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// `GET /api/v1/apps/{app}/logs`: lines after the time that the token is, in nanoseconds since 1970; without one, the last
/// hundred. What says where to go on is the time of the last line.
pub(super) fn logs(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let given = call.query("next_token").filter(|token| !token.is_empty());
    let after = given.map(str::parse::<i128>).transpose().map_err(|_| invalid("next_token is no token"))?;
    let wish = |name: &str| call.query(name).filter(|wish| !wish.is_empty());
    let meant = |machine: &&Machine| {
        machine.app == call.param("app")
            && wish("instance").is_none_or(|id| machine.id == id)
            && wish("region").is_none_or(|region| machine.region == region)
    };
    let ids = world.machines.values().filter(meant).map(|machine| machine.id.as_str());
    let lines = match (&moment.sim.machines, after) {
        (None, _) => Vec::new(),
        (Some(machines), Some(after)) => machines.logs(ids, after, PAGE),
        (Some(machines), None) => {
            let recent = moment.now.checked_sub(RECENT).unwrap_or(Timestamp::MIN).as_nanosecond();
            let mut lines = machines.logs(ids, recent, usize::MAX);
            lines.split_off(lines.len().saturating_sub(PAGE))
        }
    };
    let last = lines.last().map(|line| line.stamp).or(after).unwrap_or_else(|| moment.now.as_nanosecond());
    let data: Vec<Value> = lines.iter().map(|line| show(world, line)).collect();
    Ok(Reply::json(200, &json!({"data": data, "meta": {"next_token": last.to_string()}})))
}

/// A line as the answer shows it. Which stream it came by is not told.
fn show(world: &World, line: &Line) -> Value {
    let at = Timestamp::from_nanosecond(line.stamp).unwrap_or(Timestamp::MAX);
    let region = world.machines.get(&line.id).map_or("", |machine| &machine.region);
    let provider = if line.stream == machine_core::Stream::System { "runner" } else { "app" };
    json!({
        "id": format!("{}-{}", line.stamp, line.id),
        "type": "log",
        "attributes": {
            "timestamp": at.to_string(),
            "message": String::from_utf8_lossy(&line.text),
            "level": "info",
            "instance": line.id,
            "region": region,
            "meta": {"instance": line.id, "region": region, "event": {"provider": provider}},
        },
    })
}
