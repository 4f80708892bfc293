//! Commands that clients run in a machine.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::json;

use crate::common::control::Control;
use crate::common::machine::{Machine, processes_with};
use crate::common::{Case, until};

pub(crate) const CASES: &[Case] = &[
    ("input_output_and_code_are_the_commands_own", input_output_and_code_are_the_commands_own),
    ("a_command_that_cannot_be_executed_says_why", a_command_that_cannot_be_executed_says_why),
    ("a_command_has_the_machines_surroundings", a_command_has_the_machines_surroundings),
    ("signals_reach_the_whole_group", signals_reach_the_whole_group),
    ("a_client_that_goes_away_hangs_up", a_client_that_goes_away_hangs_up),
    ("a_terminal_is_a_terminal", a_terminal_is_a_terminal),
    ("nonsense_ends_the_conversation_only", nonsense_ends_the_conversation_only),
    ("many_commands_at_once", many_commands_at_once),
    ("orphans_are_reaped", orphans_are_reaped),
];

fn idle() -> Machine {
    let machine = Machine::new(&[]);
    machine.run();
    machine
}

fn input_output_and_code_are_the_commands_own() {
    let machine = idle();
    let script = "cat; echo done >&2; exit 200";
    let mut running = machine.ask(json!({"command": ["sh", "-c", script], "env": [], "workdir": null, "tty": null}));
    assert_eq!(running.control.reply(), json!("started"));
    let input: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let mut stdin = running.stdin.take().unwrap();
    let written = input.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&written).unwrap());
    let (mut output, mut error) = (Vec::new(), String::new());
    running.stdout.read_to_end(&mut output).unwrap();
    running.stderr.read_to_string(&mut error).unwrap();
    writer.join().unwrap();
    assert!(output == input && error == "done\n");
    let exited = running.control.reply();
    assert_eq!((&exited["exited"]["code"], &exited["exited"]["reason"]), (&json!(200), &json!("exited")));
    assert!(running.control.receive().is_none());
    assert_eq!(machine.raw_log(), b"", "a client's command does not write the machine's log");
}

fn a_command_that_cannot_be_executed_says_why() {
    let machine = idle();
    let ask = |command: &[&str], workdir: Option<&str>| {
        machine.ask(json!({"command": command, "env": [], "workdir": workdir, "tty": null})).control.reply()["failed"]
            .take()
    };
    let missing = ask(&["no-such-program"], None);
    assert_eq!(missing["code"], 127);
    assert!(missing["message"].as_str().unwrap().contains("was not found in PATH"), "{missing}");
    assert_eq!(ask(&["/etc/passwd"], None)["code"], 126);
    let nowhere = ask(&["true"], Some("/no/such"));
    assert!(nowhere["code"].is_null() && nowhere["message"].as_str().unwrap().contains("`/no/such`"), "{nowhere}");
    assert_eq!(ask(&[], None)["code"], 127);
}

fn a_command_has_the_machines_surroundings() {
    let machine = idle();
    let home = machine.home.display();
    let (_, out) =
        machine.exec("echo $USER:$HOME:$PWD:$MACHINE_WORK:$MACHINE_ISOLATION:$MACHINE_FILES; id -u; hostname; umask");
    assert_eq!(out, format!("root:{home}:{home}:/work:namespaces:/\n0\ntestling\n0022\n"));
    let request = json!({
        "command": ["sh", "-c", "echo $A:$HOME:$PWD"], "workdir": "/work", "tty": null,
        "env": [{"name": "A", "value": "1"}, {"name": "HOME", "value": "/tmp"}],
    });
    let mut running = machine.ask(request);
    assert_eq!(running.control.reply(), json!("started"));
    let mut out = String::new();
    running.stdout.read_to_string(&mut out).unwrap();
    assert_eq!(out, "1:/tmp:/work\n");
    // Nothing of ours is open in it, and no signal is blocked or ignored (but for the two that the C library keeps, which
    // whoever started the tests may ignore).
    let (_, out) = machine.exec("ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status");
    let (fds, signals) = out.split_at(8);
    assert_eq!(fds, "0\n1\n2\n3\n");
    for line in signals.lines() {
        let set = u64::from_str_radix(line.split_whitespace().last().unwrap(), 16).unwrap();
        assert_eq!(set & !0x1_8000_0000, 0, "{line}");
    }
}

fn signals_reach_the_whole_group() {
    let machine = idle();
    let request =
        json!({"command": ["sh", "-c", "sleep 1000.47; echo not reached"], "env": [], "workdir": null, "tty": null});
    let running = machine.ask(request);
    assert_eq!(running.control.reply(), json!("started"));
    // Its arguments are apart where `sleep` runs. Before, the child is a copy of the shell, in which a signal can be lost.
    until("it sleeps", || processes_with("sleep\u{0}1000.47").len() == 1);
    running.control.send(&json!({"signal": 2}), &[]);
    let exited = running.control.reply();
    assert_eq!((&exited["exited"]["signal"], &exited["exited"]["reason"]), (&json!(2), &json!("signaled")), "{exited}");
    until("its child is gone, too", || processes_with("1000.47").is_empty());
}

fn a_client_that_goes_away_hangs_up() {
    let machine = idle();
    let script = "trap 'echo hung up > /work/seen; exit' HUP; echo ready; while :; do sleep 0.01; done";
    let mut running = machine.ask(json!({"command": ["sh", "-c", script], "env": [], "workdir": null, "tty": null}));
    assert_eq!(running.control.reply(), json!("started"));
    let mut ready = [0; 6];
    running.stdout.read_exact(&mut ready).unwrap();
    drop(running.control);
    until("the command has seen it", || machine.exec("cat /work/seen 2>&1").1 == "hung up\n");
}

fn a_terminal_is_a_terminal() {
    let machine = idle();
    let control = Control::connect(&machine);
    let script = "tty; stty size; echo $TERM; read line; stty size; echo \"got $line\"; exit 4";
    let size = json!({"columns": 90, "rows": 20});
    control.send(&json!({"exec": {"command": ["sh", "-c", script], "env": [], "workdir": null, "tty": size}}), &[]);
    let (reply, mut fds) = control.receive().unwrap();
    assert_eq!((reply, fds.len()), (json!("started"), 1));
    let mut master = File::from(fds.pop().unwrap());
    let mut seen = String::new();
    let mut read_until = |master: &mut File, end: &str| {
        let mut chunk = [0; 256];
        while !seen.ends_with(end) {
            let read = master.read(&mut chunk).unwrap();
            seen.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
        std::mem::take(&mut seen)
    };
    assert_eq!(read_until(&mut master, "xterm\r\n"), "/dev/pts/0\r\n20 90\r\nxterm\r\n");
    tcsetwinsize(&master, Winsize { ws_row: 33, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    master.write_all(b"hello\n").unwrap();
    assert_eq!(read_until(&mut master, "got hello\r\n"), "hello\r\n33 77\r\ngot hello\r\n");
    assert_eq!(control.reply()["exited"]["code"], 4);

    // The interrupt character reaches what runs in the foreground.
    let control = Control::connect(&machine);
    control.send(
        &json!({"exec": {"command": ["sh", "-c", "echo on; sleep 1000"], "env": [], "workdir": null, "tty": size}}),
        &[],
    );
    let (_, mut fds) = control.receive().unwrap();
    let mut master = File::from(fds.pop().unwrap());
    master.read_exact(&mut [0; 4]).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    master.write_all(b"\x03").unwrap();
    assert_eq!(control.reply()["exited"]["signal"], 2);
}

fn nonsense_ends_the_conversation_only() {
    let machine = idle();
    for nonsense in [&b"\xff\xff\xff\xff"[..], b"\x04\0\0\0oops", b"\x02\0\0\0{}", b"\x0a\0\0\0{\"signal\":"] {
        let control = Control::connect(&machine);
        (&control.0).write_all(nonsense).unwrap();
        let _ = control.0.shutdown(std::net::Shutdown::Write);
        while control.receive().is_some() {}
    }
    // A command without descriptors.
    let control = Control::connect(&machine);
    control.send(&json!({"exec": {"command": ["true"], "env": [], "workdir": null, "tty": null}}), &[]);
    assert!(control.reply()["failed"]["message"].as_str().unwrap().contains("three descriptors"));
    assert_eq!(machine.exec("echo fine").1, "fine\n");
}

fn many_commands_at_once() {
    let machine = idle();
    let all: Vec<_> = (0..100)
        .map(|number| {
            let script = format!("read line; exit {number}");
            machine.ask(json!({"command": ["sh", "-c", script], "env": [], "workdir": null, "tty": null}))
        })
        .collect();
    for (number, mut running) in all.into_iter().enumerate() {
        assert_eq!(running.control.reply(), json!("started"));
        drop(running.stdin.take());
        assert_eq!(running.control.reply()["exited"]["code"], number);
    }
}

fn orphans_are_reaped() {
    let machine = idle();
    machine.exec("for i in 1 2 3 4 5; do (sh -c 'sleep 0.01' &) ; done");
    until("no zombie is left", || {
        let (_, out) = machine.exec("grep -l '^State:.Z' /proc/[0-9]*/status; ls -d /proc/[0-9]* | wc -l");
        // Pid 1, the shell and what counts.
        !out.contains("status") && out.trim().parse::<u32>().is_ok_and(|count| count <= 4)
    });
}
