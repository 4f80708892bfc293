//! The inside of a machine: shim, pid 1, file system, control socket, logs.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test; with a harness of its own the lints do not see that"
)]

mod common;

use std::process::ExitCode;

use common::Case;
use common::machine::Machine;
use serde_json::json;

const CASES: &[Case] =
    &[("a_command_runs_and_its_end_is_known", a_command_runs_and_its_end_is_known), ("exec_and_stop", exec_and_stop)];

fn main() -> ExitCode {
    common::run(CASES)
}

fn a_command_runs_and_its_end_is_known() {
    let machine = Machine::sh("echo out; echo err >&2; exit 3");
    let exit = machine.run().wait();
    println!("{exit} {}", machine.state());
    assert_eq!((&exit["code"], &exit["reason"], &exit["gen"]), (&json!(3), &json!("exited"), &json!(1)), "{exit}");
    assert_eq!(machine.stdout(), "out\n");
    assert_eq!(machine.output(b'e'), b"err\n");
}

fn exec_and_stop() {
    let machine = Machine::new(&["sleep", "1000"]);
    machine.run();
    let (exit, out) = machine.exec("id; pwd; mount; ls -la / /dev /etc $HOME; env; ps ax; exit 5");
    println!("{exit} {out}");
    assert_eq!(exit["code"], 5);
    println!("{}", machine.stop(1000));
}
