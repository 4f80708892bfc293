//! The provider to its end: real machines, as callers use them.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test; with a harness of its own the lints do not see that"
)]

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod exec;
mod many;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use bench::{Bench, blocking, command, context, spec, until};
use common::{Case, until as eventually};
use futures::StreamExt as _;
use machine_core::{
    CloudProvider as _, Destroyed, Effect, EnvVar, ErrorKind, Exec, ExitReason, FileSpec, Goal, Housekeeping as _,
    LogOptions, MachineState, Network, OsText, Port, Power, VolumeMount,
};
use machine_local::{Isolation, LocalOptions};

const CASES: &[Case] = &[
    ("a_machine_lives_from_create_to_destroy", a_machine_lives_from_create_to_destroy),
    ("any_bytes_reach_the_command", any_bytes_reach_the_command),
    ("a_missing_command_leaves_nothing", a_missing_command_leaves_nothing),
    ("a_port_in_use_is_said_before_anything_runs", a_port_in_use_is_said_before_anything_runs),
    ("stop_gives_grace_and_no_more", stop_gives_grace_and_no_more),
    ("a_killed_supervisor_is_a_lost_machine", a_killed_supervisor_is_a_lost_machine),
    ("a_killed_init_is_an_end_that_is_known", a_killed_init_is_an_end_that_is_known),
    ("following_a_log_ends_with_the_machine", following_a_log_ends_with_the_machine),
    ("files_survive_a_stop_and_touch_no_disk", files_survive_a_stop_and_touch_no_disk),
    ("volumes_outlive_machines", volumes_outlive_machines),
    ("without_namespaces_it_works_too", without_namespaces_it_works_too),
    ("what_only_a_machine_may_write_is_deleted", what_only_a_machine_may_write_is_deleted),
    ("the_report_has_tried_namespaces", the_report_has_tried_namespaces),
];

fn main() -> ExitCode {
    common::run(&[CASES, exec::CASES, many::CASES].concat())
}

fn a_machine_lives_from_create_to_destroy() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&command(&["sh", "-c", "echo out; echo err >&2; exit 3"])).await.unwrap();
        assert!(matches!(machine.state, MachineState::Running | MachineState::Stopped), "{machine:?}");
        let ended = bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
        let exit = ended.exit.unwrap();
        assert_eq!((exit.code, exit.reason, ended.state), (Some(3), ExitReason::Exited, MachineState::Stopped));
        let mut lines = bench.logs(&machine.id, LogOptions::default()).await;
        lines.sort();
        assert_eq!(lines, ["Stderr err", "Stdout out"]);
        bench.provider.power(&machine.id, Power::Start).await.unwrap();
        bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
        assert_eq!(bench.logs(&machine.id, LogOptions::default()).await.len(), 4, "a second start writes on");
        assert_eq!(bench.provider.destroy(&machine.id).await.unwrap(), Destroyed::Accepted);
        assert_eq!(bench.provider.destroy(&machine.id).await.unwrap(), Destroyed::AlreadyGone);
        assert!(bench.is_empty());
    });
}

fn any_bytes_reach_the_command() {
    blocking(async |bench: Bench| {
        let odd: [&[u8]; 4] = [b"a\nb", b"\"quoted\" 'and' $not", b"\xff\xfe", b""];
        let mut wish = command(&["printf", "[%s]"]);
        wish.command.extend(odd.iter().map(|bytes| OsText::from(bytes.to_vec())));
        let machine = bench.create(&wish).await.unwrap();
        bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
        let mut lines = bench.provider.logs(machine.id.clone(), LogOptions::default());
        let mut bytes = Vec::new();
        while let Some(line) = lines.next().await {
            let line = line.unwrap();
            bytes.extend_from_slice(&line.text);
            if !line.partial {
                bytes.push(b'\n');
            }
        }
        let expected: Vec<u8> = odd.iter().flat_map(|bytes| [b"[", *bytes, b"]"].concat()).collect();
        assert_eq!(bytes, expected);
        let idle = bench.create(&spec()).await.unwrap();
        let value = OsText::from(b"line\nline \xff".to_vec());
        let exec = Exec {
            command: ["sh", "-c", "printf %s \"$ODD\""].map(OsText::from).to_vec(),
            env: vec![EnvVar::new("ODD", value.clone())],
            ..Exec::default()
        };
        assert_eq!(bench.exec(&idle.id, exec).await.0, value.as_bytes());
    });
}

fn a_missing_command_leaves_nothing() {
    blocking(async |bench: Bench| {
        let mut wish = command(&["no-such-program-anywhere"]);
        wish.files = vec![FileSpec::private("/run/secrets/x", *b"y")];
        let error = bench.create(&wish).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.effect(), context(&error, "exit_code")),
            (ErrorKind::Invalid, Effect::None, Some("127"))
        );
        assert!(error.to_string().contains("no-such-program-anywhere"), "{error}");
        assert_eq!(context(&bench.create(&command(&["/etc/hostname"])).await.unwrap_err(), "exit_code"), Some("126"));
        let tool = bench.tool();
        let error = bench.create(&command(&[&tool])).await.unwrap_err();
        assert!(error.hint().unwrap().contains("--mount"), "{error:?}");
        assert!(bench.is_empty());
    });
}

fn a_port_in_use_is_said_before_anything_runs() {
    blocking(async |bench: Bench| {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut wish = command(&["sh", "-c", "echo ran >/work/ran"]);
        wish.network = Network::None;
        wish.ports = vec![Port { host: taken.local_addr().unwrap().port(), guest: 80 }];
        let error = bench.create(&wish).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Conflict, Effect::None));
        assert!(bench.is_empty());
    });
}

fn stop_gives_grace_and_no_more() {
    blocking(async |bench: Bench| {
        let obeys = command(&["sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.01; done"]);
        let machine = bench.create(&obeys).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        bench.provider.power(&machine.id, Power::Stop { grace: Duration::from_secs(10) }).await.unwrap();
        let exit = bench.provider.get(&machine.id).await.unwrap().exit.unwrap();
        assert_eq!((exit.code, exit.reason), (Some(5), ExitReason::Stopped));
        let refuses = command(&["sh", "-c", "trap '' TERM; sleep 100 & sleep 100 & while :; do sleep 1; done"]);
        let machine = bench.create(&refuses).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let began = Instant::now();
        bench.provider.power(&machine.id, Power::Stop { grace: Duration::from_millis(300) }).await.unwrap();
        assert!(
            (Duration::from_millis(300)..Duration::from_secs(3)).contains(&began.elapsed()),
            "{:?}",
            began.elapsed()
        );
        let stopped = bench.provider.get(&machine.id).await.unwrap();
        assert_eq!((stopped.state, stopped.exit.unwrap().signal), (MachineState::Stopped, Some(9)));
        bench.provider.power(&machine.id, Power::Stop { grace: Duration::ZERO }).await.unwrap();
        bench.provider.power(&machine.id, Power::Reboot { grace: Duration::ZERO }).await.unwrap();
        assert_eq!(bench.provider.get(&machine.id).await.unwrap().state, MachineState::Running);
    });
}

fn a_killed_supervisor_is_a_lost_machine() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&command(&["sleep", "1000"])).await.unwrap();
        let init = bench.kill(&machine.id, "shim");
        let lost = bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
        assert_eq!((lost.state.clone(), lost.raw_state.as_str()), (MachineState::Failed, "lost"));
        let exit = lost.exit.unwrap();
        assert_eq!((exit.code, exit.signal, exit.reason), (None, None, ExitReason::SupervisorDied));
        eventually("pid 1 is gone with it", || !bench.lives(init));
        let told = bench.provider.collect_garbage(false).await.unwrap();
        assert!(told.iter().any(|told| told.contains("whose supervisor died")), "{told:?}");
        bench.provider.power(&machine.id, Power::Start).await.unwrap();
        let again = bench.provider.get(&machine.id).await.unwrap();
        assert_eq!((again.state, &again.details["starts"]), (MachineState::Running, &serde_json::json!(2)));
    });
}

fn a_killed_init_is_an_end_that_is_known() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&command(&["sleep", "1000"])).await.unwrap();
        bench.kill(&machine.id, "init");
        let ended = bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
        let exit = ended.exit.unwrap();
        assert!(!exit.success() && exit.code.is_none(), "{exit:?}");
        bench.provider.power(&machine.id, Power::Start).await.unwrap();
        assert_eq!(bench.provider.get(&machine.id).await.unwrap().state, MachineState::Running);
    });
}

fn following_a_log_ends_with_the_machine() {
    blocking(async |bench: Bench| {
        let script = "for i in 1 2 3; do echo line $i; sleep 0.1; done; printf tail";
        let machine = bench.create(&command(&["sh", "-c", script])).await.unwrap();
        let follow = LogOptions { follow: true, ..LogOptions::default() };
        let began = Instant::now();
        let lines = bench.logs(&machine.id, follow).await;
        assert_eq!(lines, ["Stdout line 1", "Stdout line 2", "Stdout line 3", "Stdout+ tail"]);
        assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
        let long = command(&["sh", "-c", "head -c 10485760 /dev/zero | tr '\\0' x; echo; printf end"]);
        let machine = bench.create(&long).await.unwrap();
        let mut lines = bench.provider.logs(machine.id.clone(), LogOptions { follow: true, ..LogOptions::default() });
        let (mut bytes, mut whole, mut last) = (0, 0, Vec::new());
        while let Some(line) = lines.next().await {
            let line = line.unwrap();
            bytes += line.text.len();
            whole += u32::from(!line.partial);
            last = line.text.to_vec();
        }
        assert_eq!((bytes, whole, last.as_slice()), (10_485_763, 1, &b"end"[..]), "a line of 10 MiB comes in pieces");
    });
}

fn files_survive_a_stop_and_touch_no_disk() {
    blocking(async |bench: Bench| {
        let mut wish = command(&["sh", "-c", "cat /run/secrets/token; ls -l /run/secrets/token"]);
        wish.files = vec![FileSpec::private("/run/secrets/token", *b"hunter2-disk-check\n")];
        let machine = bench.create(&wish).await.unwrap();
        for _ in 0..2 {
            bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
            bench.provider.power(&machine.id, Power::Start).await.unwrap();
        }
        bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
        let lines = bench.logs(&machine.id, LogOptions::default()).await;
        assert_eq!(lines.iter().filter(|line| *line == "Stdout hunter2-disk-check").count(), 3, "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("-r--------")), "{lines:?}");
        bench.forget_log(&machine.id);
        assert!(!bench.holds_anywhere(b"hunter2-disk-check"));
        bench.provider.destroy(&machine.id).await.unwrap();
    });
}

fn volumes_outlive_machines() {
    blocking(async |bench: Bench| {
        let volume = bench.volume("data").await;
        let mut wish = command(&["sh", "-c", "echo kept >>/data/file; cat /data/file"]);
        wish.volumes = vec![VolumeMount { volume: volume.id.clone(), path: "/data".to_owned() }];
        for round in 1..3 {
            let machine = bench.create(&wish).await.unwrap();
            bench.provider.wait(&machine.id, &until(Goal::Ended)).await.unwrap();
            assert_eq!(bench.logs(&machine.id, LogOptions::default()).await.len(), round);
            let error = bench.provider.volumes().unwrap().destroy(&volume.id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            bench.provider.destroy(&machine.id).await.unwrap();
        }
        bench.provider.volumes().unwrap().destroy(&volume.id).await.unwrap();
    });
}

fn without_namespaces_it_works_too() {
    blocking(async |bench: Bench| {
        let mut wish = command(&["sh", "-c", "echo $MACHINE_ISOLATION; cat $MACHINE_FILES/run/secrets/x; sleep 1000"]);
        wish.options.set(&LocalOptions { isolation: Some(Isolation::Process), ..LocalOptions::default() }).unwrap();
        wish.files = vec![FileSpec::private("/run/secrets/x", *b"secret\n")];
        let machine = bench.create(&wish).await.unwrap();
        assert_eq!(machine.details["isolation"], "process");
        let exec = Exec { command: ["sh", "-c", "pwd; exit 9"].map(OsText::from).to_vec(), ..Exec::default() };
        assert_eq!(bench.exec(&machine.id, exec).await.2.unwrap().code, Some(9));
        let init = bench.state(&machine.id)["init"]["pid"].as_i64().unwrap();
        bench.provider.destroy(&machine.id).await.unwrap();
        eventually("pid 1 is gone", || !bench.lives(init));
        assert!(bench.is_empty());
    });
}

/// Whichever ids a machine has: what they own is deleted with it.
fn what_only_a_machine_may_write_is_deleted() {
    blocking(async |bench: Bench| {
        let machine = bench.create(&spec()).await.unwrap();
        // With a single id the change of owner fails, and is not needed.
        let script = "mkdir -p /work/a/b && touch /work/a/b/c && chown -R 33:33 /work/a; chmod 0 /work/a/b; true";
        let exec = Exec { command: ["sh", "-c", script].map(OsText::from).to_vec(), ..Exec::default() };
        assert_eq!(bench.exec(&machine.id, exec).await.2.unwrap().code, Some(0));
        bench.provider.destroy(&machine.id).await.unwrap();
        assert!(bench.is_empty());
    });
}

fn the_report_has_tried_namespaces() {
    blocking(async |bench: Bench| {
        let report = bench.provider.report();
        let mut wish = spec();
        wish.options.set(&LocalOptions { isolation: Some(Isolation::Namespaces), ..LocalOptions::default() }).unwrap();
        let made = bench.create(&wish).await;
        assert_eq!(report.problems.is_empty(), made.is_ok(), "{report:?} {made:?}");
        assert_eq!(report.details["namespaces_forbidden"].is_null(), made.is_ok());
        assert!(report.details["cpus"].as_u64() > Some(0) && report.details["memory_mib"].as_u64() > Some(0));
        assert!(report.details["state_directory"].as_str().unwrap().ends_with("/state"));
    });
}
