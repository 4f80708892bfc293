//! Machines as the cloud tells of them.

use std::net::IpAddr;

use jiff::Timestamp;
use machine_core::{Error, ErrorKind, Machine, MachineId, MachineState, Result, VolumeId, VolumeMount};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{exit, metadata, state};
use crate::prices::Prices;
use crate::sizes;
use crate::wire::answers;
use crate::wire::requests::Guest;

/// The machine in our words.
///
/// # Errors
/// [`ErrorKind::Protocol`] for one without an id, which nothing could be done with.
pub(crate) fn machine(told: answers::Machine, app: &str, prices: &Prices) -> Result<Machine> {
    let id = told.id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Error::new(ErrorKind::Protocol, "the cloud tells of a machine without an id"))?;
    let raw_state = told.state.filter(|word| !word.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    let complete = told.config.is_some();
    let config = told.config.or(told.incomplete_config).unwrap_or_default();
    let events = told.events.unwrap_or_default();
    let metadata::Read { markers, labels, tags } = metadata::read(config.metadata.unwrap_or_default());
    let guest = guest_of(config.guest, config.size.as_deref());

    let mut machine = Machine::new(id, told.name.unwrap_or_default(), crate::KIND, raw_state);
    machine.state = state(&machine.raw_state);
    machine.region = told.region.filter(|region| !region.is_empty());
    machine.size = guest.as_ref().map(|guest| sizes::name_of(&guest.cpu_kind, guest.cpus, guest.memory_mb));
    machine.price = guest.as_ref().and_then(|guest| sizes::price(guest, prices));
    machine.image = config.image;
    machine.created_at = told.created_at.as_deref().and_then(timestamp);
    machine.started_at = started_at(&events);
    machine.addresses.private.extend(told.private_ip.and_then(|ip| ip.parse::<IpAddr>().ok()));
    machine.labels = labels;
    machine.tags = tags;
    machine.markers = markers;
    machine.volumes = config.mounts.unwrap_or_default().into_iter().filter_map(mount).collect();
    // The end of a run before this one is nobody's business any more.
    machine.exit = at_rest(&machine.state).then(|| exit::exit(&events)).flatten();
    if let Some(status) = told.host_status.as_deref().filter(|status| *status != "ok") {
        machine.notes.push(format!("its host is {status}: what is told here may be old, and changes may be refused"));
    }
    if !complete {
        machine.notes.push("its configuration cannot be read in full just now".to_owned());
    }
    machine.details = json!({
        "app": app,
        "auto_destroy": config.auto_destroy.unwrap_or_default(),
        "host_status": told.host_status,
        "instance_id": told.instance_id,
    });
    Ok(machine)
}

fn at_rest(state: &MachineState) -> bool {
    use MachineState as S;
    matches!(state, S::Stopped | S::Suspended | S::Failed | S::Destroying | S::Destroyed)
}

/// How big a machine is, told by its guest or by the name of a preset.
fn guest_of(guest: Option<answers::Guest>, size: Option<&str>) -> Option<Guest> {
    let told = guest
        .and_then(|guest| Some(Guest { cpu_kind: guest.cpu_kind?, cpus: guest.cpus?, memory_mb: guest.memory_mb? }));
    told.or_else(|| sizes::guest(&machine_core::SizeRequest::Named(size?.to_owned()), sizes::DEFAULT).ok())
}

fn mount(told: answers::Mount) -> Option<VolumeMount> {
    Some(VolumeMount { volume: VolumeId::new(told.volume?), path: told.path.unwrap_or_default() })
}

/// When it last started: the newest event that says so.
fn started_at(events: &[answers::Event]) -> Option<Timestamp> {
    let started = events.iter().filter(|event| {
        let kind = event.kind.as_deref().unwrap_or_default();
        matches!(kind, "start" | "resume" | "restart") && event.status.as_deref().is_none_or(|word| word == "started")
    });
    Timestamp::from_millisecond(started.filter_map(|event| event.timestamp).max()?).ok()
}

/// A moment as the cloud writes it.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// The machines of a list, and what of it cannot be read: one record that nobody understands hides no other.
pub(crate) fn read_list(records: Vec<Value>, app: &str) -> (Vec<Machine>, Vec<String>) {
    let (mut machines, mut problems) = (Vec::new(), Vec::new());
    for record in records {
        let id = record["id"].as_str().map(MachineId::new);
        let read = answers::Machine::deserialize(record).map_err(|error| error.to_string());
        match read.and_then(|told| machine(told, app, &Prices::LISTED).map_err(|error| error.to_string())) {
            Ok(machine) => machines.push(machine),
            Err(why) => {
                let id = id.as_ref().map_or("?", MachineId::as_str);
                problems.push(format!("the record of machine {id} cannot be read: {why}"));
            }
        }
    }
    (machines, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(told: Value) -> Machine {
        machine(answers::Machine::deserialize(told).unwrap(), "app", &Prices::LISTED).unwrap()
    }

    #[test]
    fn a_whole_one() {
        let told = json!({
            "id": "e148ed", "name": "web-1", "state": "stopped", "region": "iad", "instance_id": "01H", "host_status": "ok",
            "private_ip": "fdaa::3", "created_at": "2026-01-01T00:00:00Z", "nonce": "hunter2", "extra": [1],
            "config": {
                "image": "registry-1.docker.io/library/debian:12", "auto_destroy": true, "env": {"TOKEN": "hunter2"},
                "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 512}, "mounts": [{"volume": "vol_1", "path": "/data"}],
                "metadata": {"machine_owner": "me", "machine_intent": "01k0000000000000000000000a", "team": "blue", "fly_x": "1"}
            },
            "events": [
                {"type": "exit", "timestamp": 2000, "request": {"exit_event": {"exit_code": 3}}},
                {"type": "start", "status": "started", "timestamp": 1000}
            ]
        });
        let machine = read(told);
        assert_eq!((machine.state, machine.raw_state.as_str()), (MachineState::Stopped, "stopped"));
        assert_eq!((machine.size.as_deref(), machine.region.as_deref()), (Some("shared-cpu-1x:512MB"), Some("iad")));
        assert_eq!(machine.labels.into_iter().collect::<Vec<_>>(), [("team".to_owned(), "blue".to_owned())]);
        assert_eq!(machine.markers.unwrap().owner.as_str(), "me");
        assert_eq!(machine.exit.unwrap().code, Some(3));
        assert_eq!(machine.started_at, Timestamp::from_second(1).ok());
        assert_eq!((machine.volumes.len(), machine.addresses.private.len(), machine.notes.len()), (1, 1, 0));
        assert!(machine.price.is_some());
    }

    #[test]
    fn one_of_which_nearly_nothing_is_told() {
        let machine = read(json!({"id": "e1", "state": "dreaming", "host_status": "unreachable"}));
        assert_eq!(machine.state, MachineState::Other("dreaming".to_owned()));
        assert_eq!((machine.markers, machine.notes.len()), (None, 2));
        let machine = read(json!({"id": "e1", "incomplete_config": {"metadata": {"a": "b", "c": null}}}));
        assert_eq!((machine.raw_state.as_str(), machine.labels.len()), ("unknown", 1));
    }

    #[test]
    fn a_run_that_goes_on_has_no_end() {
        let event = json!({"type": "exit", "timestamp": 1, "request": {"exit_event": {"exit_code": 3}}});
        assert_eq!(read(json!({"id": "e1", "state": "started", "events": [event]})).exit, None);
    }

    #[test]
    fn a_record_that_cannot_be_read_hides_no_other() {
        let (machines, problems) =
            read_list(vec![json!({"id": "e1"}), json!({"id": "e2", "name": 7}), json!({})], "app");
        assert_eq!((machines.len(), problems.len()), (1, 2));
        assert!(problems[0].contains("e2"), "{problems:?}");
    }
}
