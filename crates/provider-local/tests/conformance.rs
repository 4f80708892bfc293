//! Machines on this computer keep what every provider promises.
#![cfg(target_os = "linux")]

machine_conformance::main!(
    machine_conformance::KindSubject::<machine_local::LocalKind>::new(serde_json::json!({})),
    // The supervisors of the machines are this program, run again.
    first: machine_local::dispatch()
);
