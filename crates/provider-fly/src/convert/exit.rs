//! How a machine's own command ended, as its events tell.

use jiff::Timestamp;
use machine_core::{ExitReason, ExitStatus};
use serde_json::Value;

use crate::wire::answers::Event;

/// Signal 9, by which the kernel ends what takes too much memory.
const KILL: i32 = 9;

/// How the command ended, by the newest event that tells.
pub(super) fn exit(events: &[Event]) -> Option<ExitStatus> {
    let newest = events.iter().filter(|event| event.kind.as_deref() == Some("exit"));
    // Among events of one moment, and where none tells its moment, the first in the list is the newest.
    let newest = newest.rev().max_by_key(|event| event.timestamp)?;
    let told = newest.request.as_ref().and_then(exit_event);
    let at = newest.timestamp.and_then(|at| Timestamp::from_millisecond(at).ok());
    Some(told.map_or_else(
        || ExitStatus { at, ..ExitStatus::unknown(ExitReason::Unknown) },
        |told| {
            let status = status(told);
            ExitStatus { at: exited_at(told).or(at), ..status }
        },
    ))
}

/// The exit event in the request of an event: directly, or within what the host's monitor tells.
fn exit_event(request: &Value) -> Option<&Value> {
    let within = |value: &Value, key: &str| value.get(key).is_some_and(Value::is_object);
    let names = ["exit_event", "ExitEvent", "exitEvent"];
    let monitors = ["MonitorEvent", "monitor_event", "monitorEvent"];
    std::iter::once(request)
        .chain(monitors.iter().filter_map(|name| request.get(name)))
        .find_map(|place| names.iter().find(|name| within(place, name)).map(|name| &place[*name]))
}

fn status(told: &Value) -> ExitStatus {
    let number = |key: &str| told.get(key).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok());
    let yes = |key: &str| told.get(key).and_then(Value::as_bool).unwrap_or_default();
    let oom = yes("oom_killed");
    // A number below one stands for no signal.
    let signal = ["guest_signal", "signal"].into_iter().find_map(|key| number(key).filter(|signal| *signal > 0));
    let signal = signal.or_else(|| oom.then_some(KILL));
    // The guest's own is that of the command; the other one is what became of it on the way out.
    let code = ["guest_exit_code", "exit_code"].into_iter().find_map(|key| number(key).filter(|code| *code >= 0));
    let mut status = match (signal, code) {
        (Some(signal), _) => ExitStatus::signaled(signal),
        (None, Some(code)) => ExitStatus::exited(code),
        (None, None) => ExitStatus::unknown(ExitReason::Unknown),
    };
    status.oom = oom;
    if yes("requested_stop") {
        status.reason = ExitReason::Stopped;
    }
    status
}

/// A date, or milliseconds since 1970.
fn exited_at(told: &Value) -> Option<Timestamp> {
    let at = told.get("exited_at")?;
    match at.as_i64() {
        Some(millis) => Timestamp::from_millisecond(millis).ok(),
        None => at.as_str()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(at: i64, request: Value) -> Event {
        Event { kind: Some("exit".to_owned()), status: None, timestamp: Some(at), request: Some(request) }
    }

    fn told(request: Value) -> (Option<i32>, Option<i32>, bool, ExitReason) {
        let status = exit(&[event(1, request)]).unwrap();
        (status.code, status.signal, status.oom, status.reason)
    }

    #[test]
    fn every_spelling_row_by_row() {
        use ExitReason::{Exited, Signaled, Stopped, Unknown};
        let rows = [
            (json!({"exit_event": {"exit_code": 3}}), (Some(3), None, false, Exited)),
            (
                json!({"exit_event": {"exit_code": 0, "guest_exit_code": 7, "guest_signal": -1, "signal": -1}}),
                (Some(7), None, false, Exited),
            ),
            (
                json!({"MonitorEvent": {"exit_event": {"exit_code": 1, "guest_exit_code": 0}}}),
                (Some(0), None, false, Exited),
            ),
            (json!({"monitor_event": {"exit_event": {"exit_code": 4}}}), (Some(4), None, false, Exited)),
            (json!({"exit_event": {"guest_exit_code": 137, "guest_signal": 9}}), (None, Some(9), false, Signaled)),
            (
                json!({"exit_event": {"exit_code": 0, "signal": 15, "requested_stop": true}}),
                (None, Some(15), false, Stopped),
            ),
            (json!({"exit_event": {"exit_code": 5, "requested_stop": true}}), (Some(5), None, false, Stopped)),
            (json!({"exit_event": {"exit_code": 0, "oom_killed": true}}), (None, Some(9), true, Signaled)),
            (json!({"exit_event": {}}), (None, None, false, Unknown)),
            (json!({"exit_event": {"exit_code": "odd"}}), (None, None, false, Unknown)),
            (json!({"restart_count": 1}), (None, None, false, Unknown)),
            (json!(null), (None, None, false, Unknown)),
        ];
        for (request, expected) in rows {
            assert_eq!(told(request.clone()), expected, "{request}");
        }
    }

    #[test]
    fn the_newest_counts() {
        let old = event(1_000, json!({"exit_event": {"exit_code": 1}}));
        let new = event(2_000, json!({"exit_event": {"exit_code": 2, "exited_at": "2026-01-01T00:00:00Z"}}));
        let start = Event { kind: Some("start".to_owned()), timestamp: Some(3_000), ..Event::default() };
        for events in [[old.clone(), start.clone(), new.clone()], [new.clone(), old.clone(), start.clone()]] {
            let status = exit(&events).unwrap();
            assert_eq!((status.code, status.at), (Some(2), "2026-01-01T00:00:00Z".parse().ok()));
        }
        assert_eq!(exit(std::slice::from_ref(&old)).unwrap().at, Timestamp::from_millisecond(1_000).ok());
        let untimed = |code| Event { timestamp: None, ..event(0, json!({"exit_event": {"exit_code": code}})) };
        assert_eq!(exit(&[untimed(2), untimed(1)]).unwrap().code, Some(2));
        assert_eq!(exit(&[start]), None);
    }
}
