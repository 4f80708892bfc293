//! What is asked of the inside of a machine: commands and logs. Nothing runs, so that there is none.

use serde_json::json;

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::{body, invalid, refuse, unready};
use crate::fly::world::{Moment, World};
use crate::reply::Reply;

/// `POST …/{machine}/exec`: a machine that is only its record runs no command, and does not pretend that it did.
pub(super) fn exec(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let said = body["command"].as_array().is_some_and(|words| !words.is_empty()) || body["cmd"].is_string();
    if !said {
        return Err(invalid("command is required"));
    }
    match &*world.machine(moment, call)?.state {
        "started" => Err(refuse(400, "unimplemented: exec is not supported on this machine")),
        state => Err(unready(format!("unable to exec in machine in state '{state}'"))),
    }
}

/// `GET /api/v1/apps/{app}/logs`: what machines say, which is nothing while nothing runs. The caller goes on where it was.
pub(super) fn logs(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    world.app(call)?;
    let given = call.query("next_token").filter(|token| !token.is_empty());
    let next = given.map_or_else(|| moment.now.as_nanosecond().to_string(), str::to_owned);
    Ok(Reply::json(200, &json!({"data": [], "meta": {"next_token": next}})))
}
