//! `/apps/{app}/machines` and `/orgs/{org}/machines`: lists, get and destroy. Creation has a file of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::call::Call;
use crate::clock::after;
use crate::fly::Answer;
use crate::fly::answer::{done, flag, invalid, listed, time, unready};
use crate::fly::apps::check_organization;
use crate::fly::catalog::DARK;
use crate::fly::event::Event;
use crate::fly::lease::changeable;
use crate::fly::machine::{Course, EVENTS, Machine, Turn};
use crate::fly::world::{Moment, World, no_machine};
use crate::life::Step;
use crate::reply::Reply;

/// The most machines in a page of an organization's list.
const PAGE: usize = 1_000;

/// `GET /apps/{app}/machines`
pub(super) fn list(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let (app, summary) = (call.param("app"), flag(call, "summary"));
    let meant = |machine: &&Machine| machine.app == app && is_meant(machine, machine.listed_at, moment, call);
    let machines = world.machines.values().filter(meant);
    let shown: Vec<Value> =
        if summary { machines.map(Machine::summary).collect() } else { machines.map(Machine::show).collect() };
    Ok(Reply::json(200, &shown))
}

/// `GET /orgs/{org}/machines`: a view that lags, in pages, without the regions that do not answer.
pub(super) fn list_of_organization(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    check_organization(Some(call.param("org")))?;
    let since = call.query("updated_after").map(str::parse::<Timestamp>).transpose();
    let since = since.map_err(|_| invalid("updated_after is no time"))?;
    let limit = call.query("limit").map(str::parse::<usize>).transpose();
    let limit = limit.map_err(|_| invalid("limit is no number"))?.unwrap_or(PAGE).clamp(1, PAGE);
    let cursor = call.query("cursor").filter(|cursor| !cursor.is_empty());
    let begin = cursor.map(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|id| String::from_utf8(id).ok()));
    let begin = begin.map(|id| id.ok_or_else(|| invalid("invalid cursor"))).transpose()?.unwrap_or_default();
    let lag = moment.sim.quirks.list_lag;
    let meant = |machine: &&Machine| {
        since.is_none_or(|since| machine.updated_at > since)
            && machine.id > begin
            && is_meant(machine, after(machine.listed_at, lag), moment, call)
    };
    let (dark, mut light): (Vec<_>, Vec<_>) =
        world.machines.values().filter(meant).partition(|machine| machine.region == DARK);
    let more = light.len() > limit;
    light.truncate(limit);
    let last = light.last();
    let next = last.filter(|_| more).map_or_else(String::new, |last| URL_SAFE_NO_PAD.encode(&last.id));
    let answer = json!({
        "machines": light.iter().map(|machine| machine.overview()).collect::<Vec<_>>(),
        "next_cursor": next,
        "error_regions": if dark.is_empty() { Vec::new() } else { vec![DARK] },
        "last_machine_id": last.map_or("", |last| &last.id),
        "last_updated_at": last.map_or_else(String::new, |last| time(last.updated_at)),
    });
    Ok(Reply::json(200, &answer))
}

/// `GET …/{machine}`
pub(super) fn get(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    Ok(Reply::json(200, &world.machine(moment, call)?.show()))
}

/// `GET …/{machine}/events`, newest first
pub(super) fn events(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let limit = call.query("limit").and_then(|text| text.parse().ok()).unwrap_or(EVENTS);
    let events = &world.machine(moment, call)?.events;
    Ok(Reply::json(200, &events.iter().rev().take(limit).map(Event::show).collect::<Value>()))
}

/// `GET …/{machine}/versions`, newest first
pub(super) fn versions(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let versions = world.machine(moment, call)?.versions.iter().rev();
    let show = |(version, config): &(String, Value)| json!({"version": version, "user_config": config});
    Ok(Reply::json(200, &versions.map(show).collect::<Value>()))
}

/// `DELETE …/{machine}`: a machine that is up must be stopped before, or be killed with `force` (some call it `kill`).
pub(super) fn delete(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let machine = changeable(world, moment, call)?;
    if machine.gone_at.is_some() {
        return Err(no_machine());
    }
    let forced = flag(call, "force") || flag(call, "kill");
    if !forced && !["stopped", "suspended", "failed", "destroying"].contains(&&*machine.state) {
        let state = &machine.state;
        return Err(unready(format!("unable to destroy machine, not currently stopped, suspended: '{state}'")));
    }
    if machine.state != "destroying" {
        let id = machine.id.clone();
        machine.cut(moment);
        world.enter(&id, "destroying", Event::asked("destroy", "destroying", moment.now), moment);
        world.send(&id, Course::new(Step::PowerOff, Turn::Gone, moment.now));
    }
    Ok(done())
}

/// Whether a list that `call` asks for is to have the machine.
fn is_meant(machine: &Machine, since: Timestamp, moment: &Moment<'_>, call: &Call) -> bool {
    let (states, regions) = (listed(call, "state"), listed(call, "region"));
    let written = |key: &str| machine.config["metadata"][key].as_str();
    let wanted = call.query.iter().filter_map(|(key, value)| Some((key.strip_prefix("metadata.")?, value)));
    !call.veil.empty
        && machine.is_listed(since, flag(call, "include_deleted"), moment, call)
        && (states.is_empty() || states.contains(&&*machine.state))
        && (regions.is_empty() || regions.contains(&&*machine.region))
        && wanted.into_iter().all(|(key, value)| written(key) == Some(value))
}
