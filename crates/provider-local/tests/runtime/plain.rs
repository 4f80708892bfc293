//! Machines without namespaces.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::common::machine::{Machine, processes_with};
use crate::common::{Case, until};

pub(crate) const CASES: &[Case] = &[
    ("without_namespaces_a_command_runs", without_namespaces_a_command_runs),
    ("without_namespaces_everything_ends_with_the_machine", without_namespaces_everything_ends_with_the_machine),
    ("without_namespaces_killing_pid_1_ends_everything", without_namespaces_killing_pid_1_ends_everything),
    ("without_namespaces_killing_the_shim_ends_the_command", without_namespaces_killing_the_shim_ends_the_command),
    ("forbidden_namespaces_are_named", forbidden_namespaces_are_named),
];

fn plain(script: &str) -> Machine {
    let mut machine = Machine::sh(script);
    machine.spec()["isolation"] = json!("process");
    machine
}

fn without_namespaces_a_command_runs() {
    let mut machine = plain(
        "pwd; echo $MACHINE_ISOLATION; test -d \"$MACHINE_WORK\" && echo work; cat \"$MACHINE_FILES/run/machine/secret\"; stat -c %a \"$MACHINE_FILES\"; echo x > \"$MACHINE_WORK/x\"; exit 9",
    );
    machine.spec()["workdir"] = json!("/work");
    machine.order["files"] = json!([{"path": "/run/machine/secret", "contents": "secret\n", "mode": 0o400}]);
    let exit = machine.run().wait();
    assert_eq!((&exit["code"], &exit["reason"]), (&json!(9), &json!("exited")));
    let work = machine.dir.canonicalize().unwrap().join("rw/work");
    assert_eq!(machine.stdout(), format!("{}\nprocess\nwork\nsecret\n700\n", work.display()));
    assert_eq!(machine.state()["isolation"], "process");
    assert!(machine.notes().contains("not kept apart"), "{}", machine.notes());
    assert!(work.join("x").exists());
    let find = "find /dev/shm /run/user ${XDG_RUNTIME_DIR:-/dev/shm} -name \"*$0\" 2>/dev/null";
    let found = Command::new("sh").args(["-c", find, machine.id()]).output().unwrap();
    assert!(found.stdout.is_empty(), "files are left: {found:?}");
}

fn without_namespaces_everything_ends_with_the_machine() {
    let machine = plain("setsid nohup sleep 1000.53 >/dev/null 2>&1 & (setsid sleep 1000.53 &) ; exec sleep 1000.53");
    machine.run();
    until("all run", || processes_with("1000.53").len() == 3);
    let (exit, out) = machine.exec_command(json!(["/run/machine/guest", "--list"]));
    assert!(exit["code"] == 0 && out.contains("forbidden_namespaces_are_named"), "{out}");
    let exit = machine.stop(1000);
    assert_eq!((&exit["signal"], &exit["reason"]), (&json!(15), &json!("stopped")));
    assert_eq!(processes_with("1000.53"), Vec::<i32>::new());
}

fn without_namespaces_killing_pid_1_ends_everything() {
    let machine = plain("setsid sleep 1000.59 & exec sleep 1000.59");
    machine.run();
    until("both run", || processes_with("1000.59").len() == 2);
    machine.process("init").signal(9).unwrap();
    assert_eq!(machine.wait()["signal"], 9);
    assert_eq!(processes_with("1000.59"), Vec::<i32>::new());
}

/// What the command has started itself may get away: that is the limit of this mode.
fn without_namespaces_killing_the_shim_ends_the_command() {
    let machine = plain("exec sleep 1000.61");
    machine.run();
    let running = machine.ask(json!({"command": ["sleep", "1000.61"], "env": [], "workdir": null, "tty": null}));
    assert_eq!(running.control.reply(), json!("started"));
    until("both run", || processes_with("1000.61").len() == 2);
    machine.process("shim").signal(9).unwrap();
    until("nothing is left", || processes_with("1000.61").is_empty() && !machine.is_alive());
}

/// The setting that forbids namespaces exists once per user namespace: in one of its own the test can change it.
fn forbidden_namespaces_are_named() {
    let forbid = |machine: &Machine| {
        fs::write(machine.dir.join("order"), machine.order.to_string()).unwrap();
        let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" __shim \"$1\" < order 2>> shim.log";
        let output = Command::new("unshare")
            .args(["--user", "--map-root-user", "sh", "-c", script])
            .arg(std::env::current_exe().unwrap())
            .arg(machine.id())
            .current_dir(&machine.dir)
            .output()
            .unwrap();
        fs::remove_file(machine.dir.join("order")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let mut machine = Machine::sh("echo $MACHINE_ISOLATION");
    assert_eq!(forbid(&machine), json!("running"), "{}", machine.shim_log());
    assert_eq!(machine.wait()["code"], 0);
    assert_eq!(machine.stdout(), "process\n");
    let notes = machine.notes();
    assert!(notes.contains("not kept apart") && notes.contains("user.max_user_namespaces = 0"), "{notes}");

    machine.spec()["isolation"] = json!("namespaces");
    let answer = forbid(&machine);
    assert_eq!(answer["failed"]["stage"], "namespaces", "{answer}");
    assert!(answer["failed"]["message"].as_str().unwrap().contains("user.max_user_namespaces"), "{answer}");
}
