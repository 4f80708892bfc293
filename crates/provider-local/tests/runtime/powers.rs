//! Limits.

use std::path::Path;

use serde_json::json;

use crate::common::Case;
use crate::common::machine::Machine;

pub(crate) const CASES: &[Case] = &[
    ("memory_is_limited_where_it_can_be", memory_is_limited_where_it_can_be),
    ("processes_are_limited_where_they_can_be", processes_are_limited_where_they_can_be),
];

/// Whether the limit is enforced; that it is not has to be said.
fn is_enforced(machine: &Machine, what: &str) -> bool {
    let notes = machine.notes();
    if notes.contains("limits not enforced") {
        assert!(notes.contains(what), "{notes}");
        return false;
    }
    let directories = machine.state()["cgroups"].clone();
    assert!(
        directories.as_array().unwrap().iter().all(|directory| directory.as_str().unwrap().ends_with(machine.id()))
    );
    true
}

fn gone(machine: &Machine) {
    for directory in machine.state()["cgroups"].as_array().unwrap() {
        assert!(!Path::new(directory.as_str().unwrap()).exists(), "{directory} is left");
    }
}

fn memory_is_limited_where_it_can_be() {
    let mut machine = Machine::new(&["sleep", "1000"]);
    machine.spec()["limits"]["memory_mib"] = json!(32);
    machine.run();
    let enforced = is_enforced(&machine, "memory");
    if enforced {
        let (exit, _) = machine.exec("x=x; while :; do x=$x$x; done");
        assert_eq!((&exit["signal"], &exit["oom"]), (&json!(9), &json!(true)), "{exit}");
        let (exit, _) = machine.exec("kill -9 $$");
        assert!(exit["oom"].is_null(), "{exit}");
    }
    machine.stop(1000);
    gone(&machine);
    if enforced {
        machine.spec()["command"] = json!(["sh", "-c", "x=x; while :; do x=$x$x; done"]);
        let exit = machine.run().wait();
        assert_eq!(
            (&exit["signal"], &exit["oom"], &exit["reason"]),
            (&json!(9), &json!(true), &json!("signaled")),
            "{exit}"
        );
        gone(&machine);
    }
}

fn processes_are_limited_where_they_can_be() {
    let mut machine = Machine::sh("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done; echo made");
    machine.spec()["limits"]["pids"] = json!(8);
    machine.spec()["limits"]["cpus"] = json!(0.5);
    machine.run();
    let notes = machine.notes();
    machine.wait();
    // Without groups, the kernel's limit per user does it.
    if !notes.contains("processes") {
        let said = String::from_utf8(machine.output(b'e')).unwrap();
        assert!(said.to_lowercase().contains("fork"), "{said}");
    }
    gone(&machine);
}
