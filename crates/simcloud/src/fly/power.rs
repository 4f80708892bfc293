//! `POST …/{machine}/start`, `stop` and so on: what can be done to a machine.

use std::time::Duration;

use serde_json::{Value, json};

use crate::call::Call;
use crate::fly::Answer;
use crate::fly::answer::{Refusal, body, done, invalid, refuse, unready};
use crate::fly::catalog::CROWDED;
use crate::fly::event::{Event, Exit};
use crate::fly::lease::changeable;
use crate::fly::machine::{Course, Turn};
use crate::fly::world::{Moment, World};
use crate::life::Step;
use crate::machines::Order;
use crate::reply::Reply;

/// The signals that can be sent, and their numbers.
const SIGNALS: &[(&str, i32)] = &[
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
];

/// The most memory that a machine may have that is to be suspended, in mebibytes.
const SUSPENDABLE: u32 = 2048;

/// `POST …/start`
pub(super) fn start(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let machine = changeable(world, moment, call)?;
    let (id, before) = (machine.id.clone(), machine.state.clone());
    match &*before {
        "starting" | "started" | "restarting" | "replacing" => {}
        "created" | "stopped" | "suspended" | "failed" => {
            host_has_room(&machine.region)?;
            machine.restarts = 0;
            machine.note(Event::asked("start", "starting", moment.now), moment.now);
            world.start(&id, moment);
        }
        other => return Err(unready(format!("unable to start machine from current state: '{other}'"))),
    }
    Ok(Reply::json(200, &json!({"previous_state": before, "migrated": false, "new_host": ""})))
}

/// `POST …/stop`
pub(super) fn stop(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let body = body(call)?;
    let (signal, timeout) = (signal(&body["signal"])?, timeout(&body["timeout"])?);
    let machine = changeable(world, moment, call)?;
    match &*machine.state {
        "created" if machine.course.is_none() => {}
        "stopped" | "stopping" => {}
        "destroying" | "destroyed" => {
            return Err(unready(format!("unable to stop machine from current state: '{}'", machine.state)));
        }
        _ => {
            let (id, kill) = (machine.id.clone(), signal == Some(9));
            let step = if kill { Step::PowerOff } else { Step::Shutdown };
            let order = machine.stop_order(signal, timeout);
            let really = machine.order(order, moment);
            world.enter(&id, "stopping", Event::asked("stop", "stopping", moment.now), moment);
            if !really {
                world.send(&id, Course::new(step, Turn::Down(Exit::asked(kill)), moment.now));
            }
        }
    }
    Ok(done())
}

/// `POST …/suspend`
pub(super) fn suspend(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let machine = changeable(world, moment, call)?;
    match &*machine.state {
        "suspended" | "suspending" => return Ok(done()),
        "started" => {}
        other => return Err(unready(format!("unable to suspend machine from current state: '{other}'"))),
    }
    if machine.guest().is_some_and(|guest| guest.memory > SUSPENDABLE) {
        return Err(invalid("machines with more than 2048 MB of memory cannot be suspended"));
    }
    if machine.config["schedule"].is_string()
        || machine.config["init"]["swap_size_mb"].as_u64().is_some_and(|it| it > 0)
    {
        return Err(invalid("machines with a schedule or with swap cannot be suspended"));
    }
    let id = machine.id.clone();
    // The memory of what runs here cannot be kept: it is ended, and the next start is one from the beginning.
    let really = machine.order(Order::Cut, moment);
    world.enter(&id, "suspending", Event::asked("suspend", "suspending", moment.now), moment);
    if !really {
        world.send(&id, Course::new(Step::Shutdown, Turn::Asleep, moment.now));
    }
    Ok(done())
}

/// `POST …/restart`
pub(super) fn restart(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let signal = signal(&call.query("signal").map_or(Value::Null, Value::from))?;
    let timeout = timeout(&call.query("timeout").map_or(Value::Null, Value::from))?;
    let machine = changeable(world, moment, call)?;
    let id = machine.id.clone();
    match &*machine.state {
        "started" if moment.sim.machines.is_some() => {
            let order = machine.stop_order(signal, timeout);
            machine.order(order, moment);
            world.enter(&id, "restarting", Event::asked("restart", "restarting", moment.now), moment);
            world.boot(&id, moment);
        }
        "started" => {
            let exit = Event::exit(Exit::asked(signal == Some(9)), true, machine.restarts, moment.now);
            machine.note(exit, moment.now);
            world.enter(&id, "restarting", Event::asked("restart", "restarting", moment.now), moment);
            world.send(&id, Course::new(Step::Reboot, Turn::Up, moment.now));
        }
        "stopped" | "suspended" | "failed" => {
            host_has_room(&machine.region)?;
            world.start(&id, moment);
        }
        other => return Err(unready(format!("unable to restart machine from current state: '{other}'"))),
    }
    Ok(done())
}

/// `POST …/signal`. Where nothing runs that could catch one, it ends the machine as it would end a simple program.
pub(super) fn send(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    let signal = signal(&body(call)?["signal"])?.ok_or_else(|| invalid("signal is required"))?;
    let machine = changeable(world, moment, call)?;
    if machine.state != "started" {
        return Err(unready(format!("unable to signal machine in state '{}'", machine.state)));
    }
    let id = machine.id.clone();
    if !machine.order(Order::Signal(signal), moment) {
        world.exited(&id, Exit::by_signal(signal), moment);
    }
    Ok(done())
}

/// `POST …/cordon`
pub(super) fn cordon(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    changeable(world, moment, call)?.cordoned = true;
    Ok(done())
}

/// `POST …/uncordon`
pub(super) fn uncordon(world: &mut World, moment: &Moment<'_>, call: &Call) -> Answer {
    changeable(world, moment, call)?.cordoned = false;
    Ok(done())
}

/// Refuses where a reserved region says that a host has no room.
pub(super) fn host_has_room(region: &str) -> Result<(), Refusal> {
    if region == CROWDED {
        let text = "could not reserve resource for machine: insufficient memory available to fulfill request";
        return Err(refuse(409, text));
    }
    Ok(())
}

/// The number of a signal that is given by its name or, as some clients do, by its number.
pub(super) fn signal(given: &Value) -> Result<Option<i32>, Refusal> {
    let known = SIGNALS.iter().find(|(name, number)| given == *name || given == *number);
    match known {
        Some((_, number)) => Ok(Some(*number)),
        None if given.is_null() || given == "" => Ok(None),
        None => Err(invalid(format!("unknown signal {given}"))),
    }
}

/// A time that is given as Go programs write it, `1m30s`, or as a number of nanoseconds.
pub(super) fn timeout(given: &Value) -> Result<Option<Duration>, Refusal> {
    if given.is_null() || given == "" {
        return Ok(None);
    }
    let read = given.as_u64().map(Duration::from_nanos).or_else(|| given.as_str().and_then(go_duration));
    read.map(Some).ok_or_else(|| invalid(format!("invalid timeout {given}")))
}

/// `1h2m3.5s` as a time.
fn go_duration(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let seconds = match &rest[..unit] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = &rest[unit..];
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_go_writes_them() {
        let of = |text: &str| go_duration(text).map(|time| time.as_millis());
        assert_eq!(of("30s"), Some(30_000));
        assert_eq!(of("1m30s"), Some(90_000));
        assert_eq!(of("1.5s500ms"), Some(2_000));
        for wrong in ["30", "s", "1x", "1..2s", "-1s", "1s-", "1e9s"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
