//! How machines live and end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::control::Control;
use crate::common::machine::{Machine, processes_with};
use crate::common::{Case, until};

pub(crate) const CASES: &[Case] = &[
    ("a_command_runs_and_its_end_is_known", a_command_runs_and_its_end_is_known),
    ("a_signal_is_told_apart_from_a_code", a_signal_is_told_apart_from_a_code),
    ("stop_is_told_with_the_true_end", stop_is_told_with_the_true_end),
    ("a_command_that_ignores_being_asked_is_killed", a_command_that_ignores_being_asked_is_killed),
    ("an_idle_machine_stops_at_once", an_idle_machine_stops_at_once),
    ("killing_the_shim_ends_everything", killing_the_shim_ends_everything),
    ("killing_pid_1_ends_everything", killing_pid_1_ends_everything),
    ("ending_the_command_ends_what_it_left", ending_the_command_ends_what_it_left),
    ("a_terminated_shim_stops_the_machine", a_terminated_shim_stops_the_machine),
    ("a_machine_outlives_its_starter", a_machine_outlives_its_starter),
    ("a_stopped_machine_starts_again_and_keeps_its_files", a_stopped_machine_starts_again_and_keeps_its_files),
];

fn a_command_runs_and_its_end_is_known() {
    let machine = Machine::sh("echo out; echo err >&2; exit 3");
    let exit = machine.run().wait();
    assert_eq!((&exit["code"], &exit["reason"], &exit["gen"]), (&json!(3), &json!("exited"), &json!(1)), "{exit}");
    assert!(exit["at"].is_string() && exit["signal"].is_null());
    assert_eq!(machine.stdout(), "out\n");
    assert_eq!(machine.output(b'e'), b"err\n");
    assert!(!machine.dir.join("ctl.sock").exists());
    assert_eq!(machine.state()["gen"], 1);
}

fn a_signal_is_told_apart_from_a_code() {
    let exit = Machine::sh("kill -SEGV $$").run().wait();
    assert_eq!((&exit["signal"], &exit["reason"], &exit["code"]), (&json!(11), &json!("signaled"), &Value::Null));
    let exit = Machine::sh("exit 139").run().wait();
    assert_eq!((&exit["signal"], &exit["code"]), (&Value::Null, &json!(139)));
}

fn stop_is_told_with_the_true_end() {
    let polite = Machine::sh("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done");
    polite.run();
    until("the trap is set", || polite.raw_log().ends_with(b"ready\n"));
    let exit = polite.stop(5000);
    assert_eq!((&exit["code"], &exit["reason"]), (&json!(7), &json!("stopped")), "{exit}");
    assert_eq!(polite.stdout(), "ready\nbye\n");

    let plain = Machine::new(&["sleep", "1000"]);
    plain.run();
    let exit = plain.stop(5000);
    assert_eq!((&exit["signal"], &exit["reason"]), (&json!(15), &json!("stopped")), "{exit}");
}

fn a_command_that_ignores_being_asked_is_killed() {
    let marker = "1000.17";
    let machine =
        Machine::sh(&format!("trap '' TERM; sleep {marker} & sleep {marker} & echo ready; while :; do sleep 1; done"));
    machine.run();
    until("it is deaf", || machine.raw_log().ends_with(b"ready\n"));
    let asked = Instant::now();
    let exit = machine.stop(200);
    let took = asked.elapsed();
    assert_eq!((&exit["signal"], &exit["reason"]), (&json!(9), &json!("stopped")), "{exit}");
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(3), "{took:?}");
    assert_eq!(processes_with(marker), Vec::<i32>::new());
}

fn an_idle_machine_stops_at_once() {
    let machine = Machine::new(&[]);
    machine.run();
    assert_eq!(machine.exec("echo $((6 * 7))").1, "42\n");
    let exit = machine.stop(60_000);
    assert_eq!(exit["reason"], "stopped");
    assert!(exit["code"].is_null() && exit["signal"].is_null(), "nothing ran that could have a code: {exit}");
}

fn killing_the_shim_ends_everything() {
    let marker = "1000.23";
    let machine = Machine::sh(&format!("setsid sleep {marker} & exec sleep {marker}"));
    machine.run();
    until("both run", || processes_with(marker).len() == 2);
    machine.process("shim").signal(9).unwrap();
    until("the lock is free", || !machine.is_alive());
    until("nothing is left", || processes_with(marker).is_empty());
    // Nobody was left to write it down; whoever looks finds the machine lost.
    assert!(!machine.dir.join("exit.json").exists());

    let mut again = machine;
    again.order["generation"] = json!(2);
    assert_eq!(again.run().stop(100)["gen"], 2);
}

fn killing_pid_1_ends_everything() {
    let marker = "1000.29";
    let machine = Machine::sh(&format!("echo before; setsid sleep {marker} & exec sleep {marker}"));
    machine.run();
    until("both run", || processes_with(marker).len() == 2);
    machine.process("init").signal(9).unwrap();
    let exit = machine.wait();
    assert_eq!(
        (&exit["signal"], &exit["reason"], &exit["oom"]),
        (&json!(9), &json!("signaled"), &Value::Null),
        "{exit}"
    );
    until("nothing is left", || processes_with(marker).is_empty());
    assert_eq!(machine.stdout(), "before\n");
}

fn ending_the_command_ends_what_it_left() {
    let marker = "1000.31";
    let machine = Machine::sh(&format!("setsid nohup sleep {marker} >/dev/null 2>&1 & exit 0"));
    assert_eq!(machine.run().wait()["code"], 0);
    assert_eq!(processes_with(marker), Vec::<i32>::new());
}

fn a_terminated_shim_stops_the_machine() {
    let machine = Machine::sh("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    machine.run();
    until("the trap is set", || machine.raw_log().ends_with(b"ready\n"));
    machine.process("shim").signal(1).unwrap();
    assert!(machine.is_alive(), "a terminal that closes is none of its business");
    machine.process("shim").signal(15).unwrap();
    let exit = machine.wait();
    assert_eq!((&exit["code"], &exit["reason"]), (&json!(0), &json!("stopped")), "{exit}");
    assert_eq!(machine.stdout(), "ready\nbye\n");
}

fn a_machine_outlives_its_starter() {
    let machine = Machine::new(&["sleep", "1000"]);
    machine.run();
    let shim = machine.state()["shim"]["pid"].as_i64().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{shim}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_ne!(fields[1], std::process::id().to_string(), "nobody here has to reap it");
    assert_eq!(fields[3], shim.to_string(), "it leads a session of its own");
    assert!(stat.contains("(machine-shim)"), "{stat}");
    let watch = Control::connect(&machine);
    watch.send(&json!("watch"), &[]);
    machine.stop(1000);
    assert!(watch.receive().is_none(), "whoever watches sees it end");
}

fn a_stopped_machine_starts_again_and_keeps_its_files() {
    let mut machine = Machine::sh(
        "for place in \"$HOME\" /work /var /var/tmp /srv; do cat \"$place/kept\"; echo kept > \"$place/kept\"; done 2>/dev/null; find /tmp /run/lock -name lost; echo x > /tmp/lost; echo x > /run/lock/lost",
    );
    assert_eq!(machine.finish(), "");
    machine.order["generation"] = json!(2);
    assert_eq!(machine.run().wait()["gen"], 2);
    assert_eq!(machine.stdout(), "kept\n".repeat(5), "and what is in memory is gone");
}
