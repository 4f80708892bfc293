//! Starts that fail, and what a start is told.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use crate::common::machine::{Machine, files_below, processes_with};
use crate::common::{Case, until};

pub(crate) const CASES: &[Case] = &[
    ("a_missing_command_is_127", a_missing_command_is_127),
    ("a_command_that_cannot_be_executed_is_126", a_command_that_cannot_be_executed_is_126),
    ("a_script_without_a_first_line_runs", a_script_without_a_first_line_runs),
    ("a_missing_directory_is_said", a_missing_directory_is_said),
    ("a_bad_mount_is_said_and_leaves_nothing", a_bad_mount_is_said_and_leaves_nothing),
    ("a_port_in_use_is_said_before_anything_runs", a_port_in_use_is_said_before_anything_runs),
    ("of_two_starts_one_wins", of_two_starts_one_wins),
    ("a_starter_that_goes_away_leaves_nothing", a_starter_that_goes_away_leaves_nothing),
    ("half_an_order_starts_nothing", half_an_order_starts_nothing),
    ("any_bytes_are_handed_over_as_they_are", any_bytes_are_handed_over_as_they_are),
    ("a_long_state_directory_is_no_obstacle", a_long_state_directory_is_no_obstacle),
    ("secrets_stay_in_memory", secrets_stay_in_memory),
];

fn a_missing_command_is_127() {
    let machine = Machine::new(&["no-such-program", "x"]);
    let failure = machine.refused();
    assert_eq!((&failure["stage"], &failure["code"]), (&json!("command"), &json!(127)), "{failure}");
    assert!(failure["message"].as_str().unwrap().contains("`no-such-program` was not found"), "{failure}");
    let exit = machine.json("exit.json");
    assert_eq!((&exit["reason"], &exit["code"], &exit["gen"]), (&json!("setup-failed"), &json!(127), &json!(1)));
    let said = String::from_utf8(machine.output(b's')).unwrap();
    assert!(said.contains("`no-such-program` was not found"), "{said}");
    assert!(!machine.dir.join("ctl.sock").exists());

    let failure = Machine::new(&["/no/such/program"]).refused();
    assert_eq!(failure["code"], 127);
    let failure = Machine::new(&[""]).refused();
    assert_eq!(failure["code"], 127);
}

fn a_command_that_cannot_be_executed_is_126() {
    for (command, said) in [("/etc/passwd", "not executable"), ("/etc", "is a directory")] {
        let failure = Machine::new(&[command]).refused();
        assert_eq!(failure["code"], 126, "{failure}");
        assert!(failure["message"].as_str().unwrap().contains(said), "{failure}");
    }
    let machine = Machine::sh("exit 0");
    place(&machine, "no-interpreter", "#!/no/such/interpreter\n");
    let inside = machine.home.join("no-interpreter");
    let machine = retarget(machine, &[inside.to_str().unwrap()]);
    let failure = machine.refused();
    assert_eq!(failure["code"], 127, "{failure}");
    assert!(failure["message"].as_str().unwrap().contains("interpreter"), "{failure}");
}

fn a_script_without_a_first_line_runs() {
    let machine = Machine::sh("exit 0");
    place(&machine, "script", "echo \"$1\"\n");
    let inside = machine.home.join("script");
    let machine = retarget(machine, &[inside.to_str().unwrap(), "hello"]);
    assert_eq!(machine.finish(), "hello\n");
}

/// Puts an executable file into the machine's home.
fn place(machine: &Machine, name: &str, contents: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let home = machine.dir.join("rw/home");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join(name), contents).unwrap();
    fs::set_permissions(home.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}

fn retarget(mut machine: Machine, command: &[&str]) -> Machine {
    machine.spec()["command"] = json!(command);
    machine
}

fn a_missing_directory_is_said() {
    let mut machine = Machine::sh("pwd");
    machine.spec()["workdir"] = json!("/no/such/directory");
    let failure = machine.refused();
    assert_eq!(failure["stage"], "command");
    assert!(failure["message"].as_str().unwrap().contains("cannot start in `/no/such/directory`"), "{failure}");
    machine.spec()["workdir"] = json!("/work");
    assert_eq!(machine.finish(), "/work\n");
}

fn a_bad_mount_is_said_and_leaves_nothing() {
    let mut machine = Machine::new(&["sleep", "1000.37"]);
    machine.spec()["mounts"] = json!([{"source": "/no/such/source", "target": "/mnt/x", "writable": false}]);
    let failure = machine.refused();
    assert_eq!(failure["stage"], "filesystem", "{failure}");
    assert!(failure["message"].as_str().unwrap().contains("/no/such/source"), "{failure}");
    assert_eq!(failure["errno"], 2);
    let exit = machine.json("exit.json");
    assert_eq!(exit["reason"], "setup-failed");
    assert!(exit["message"].as_str().unwrap().contains("/no/such/source"));
    assert!(!machine.dir.join("state.json").exists());

    machine.spec()["mounts"] = json!([{"source": machine.home, "target": "/usr/no-such-place", "writable": false}]);
    let failure = machine.refused();
    assert!(failure["message"].as_str().unwrap().contains("`/usr/no-such-place`"), "{failure}");
    assert_eq!(processes_with("1000.37"), Vec::<i32>::new());
    assert_eq!(processes_with(machine.id()), Vec::<i32>::new());
}

fn a_port_in_use_is_said_before_anything_runs() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut machine = Machine::sh("echo ran");
    machine.spec()["network"] = json!("none");
    machine.spec()["ports"] = json!([{"host": port, "guest": 80}]);
    let failure = machine.refused();
    assert_eq!(failure["stage"], "port");
    assert!(failure["message"].as_str().unwrap().contains(&format!("port {port} is in use")), "{failure}");
    assert_eq!(machine.raw_log(), b"");
}

fn of_two_starts_one_wins() {
    let machine = Machine::new(&["sleep", "1000"]);
    machine.run();
    let state = machine.state();
    let answer = machine.start();
    assert_eq!(answer["failed"]["stage"], "lock", "{answer}");
    assert_eq!(machine.state(), state, "the loser has changed nothing");
    assert!(!machine.dir.join("exit.json").exists());
    assert_eq!(machine.exec("echo alive").1, "alive\n");
    machine.stop(1000);
}

fn a_starter_that_goes_away_leaves_nothing() {
    let machine = Machine::new(&["sleep", "1000.41"]);
    let mut shim = machine.shim();
    drop(shim.stdout.take());
    shim.stdin.take().unwrap().write_all(machine.order.to_string().as_bytes()).unwrap();
    shim.wait().unwrap();
    until("it has ended", || machine.dir.join("exit.json").exists() && !machine.is_alive());
    assert_eq!(machine.json("exit.json")["reason"], "setup-failed");
    assert_eq!(processes_with("1000.41"), Vec::<i32>::new());
}

fn half_an_order_starts_nothing() {
    let machine = Machine::new(&["sleep", "1000.43"]);
    let mut shim = machine.shim();
    let order = machine.order.to_string();
    shim.stdin.take().unwrap().write_all(&order.as_bytes()[..order.len() / 2]).unwrap();
    let mut answer = String::new();
    shim.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
    assert!(answer.contains("cannot understand the order"), "{answer}");
    shim.wait().unwrap();
    assert_eq!(processes_with("1000.43"), Vec::<i32>::new());
    assert_eq!(processes_with(machine.id()), Vec::<i32>::new());
}

fn any_bytes_are_handed_over_as_they_are() {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| json!({"base64": base64::engine::general_purpose::STANDARD.encode(bytes)});
    let strange = b"new\nline \"quoted\" 'single' \\ \xff\xfe $HOME";
    let mut machine =
        Machine::with(json!(["sh", "-c", "printf '%s|%s|%s' \"$1\" \"$STRANGE\" \"$#\"", "sh", base64(strange), ""]));
    let path = machine.spec()["env"][0].clone();
    machine.spec()["env"] = json!([path, {"name": "STRANGE", "value": base64(strange)}]);
    assert_eq!(machine.run().wait()["code"], 0);
    let mut expected = [strange, &b"|"[..], strange, b"|2"].concat();
    let (got, last) = (machine.output(b'o'), machine.pieces(b'o').pop().unwrap());
    assert_eq!(got, expected, "{}", String::from_utf8_lossy(&got));
    assert!(last.0, "no line feed came last");
    expected.clear();
}

fn a_long_state_directory_is_no_obstacle() {
    let mut machine = Machine::new(&["sleep", "1000"]);
    let long = machine.dir.join("d".repeat(100)).join("e".repeat(100));
    fs::create_dir_all(long.join("log")).unwrap();
    machine.dir = long;
    machine.run();
    assert_eq!(machine.exec("echo $((1 + 1))").1, "2\n");
    machine.stop(1000);
}

fn secrets_stay_in_memory() {
    let secret = "correct-horse-battery-staple";
    let mut machine = Machine::sh(
        "cat /run/machine/secret \"$HOME/.secret\" /work/deep/secret; stat -c %a:%u /run/machine/secret; echo; exec sleep 1000",
    );
    let home_secret = machine.home.join(".secret");
    machine.order["files"] = json!([
        {"path": "/run/machine/secret", "contents": secret, "mode": 0o400},
        {"path": home_secret, "contents": secret, "mode": 0o600},
        {"path": "/work/deep/secret", "contents": secret, "mode": 0o444},
    ]);
    machine.run();
    until("it has read them", || machine.raw_log().ends_with(b" \n"));
    assert_eq!(machine.stdout(), format!("{secret}{secret}{secret}400:0\n\n"));
    for process in ["shim", "init"] {
        let pid = machine.state()[process]["pid"].as_i64().unwrap();
        for file in ["cmdline", "environ"] {
            let text = fs::read(format!("/proc/{pid}/{file}")).unwrap();
            assert!(!String::from_utf8_lossy(&text).contains(secret));
        }
    }
    fs::remove_dir_all(machine.dir.join("log")).unwrap();
    for file in files_below(&machine.dir) {
        let text = fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains(secret), "{}", file.display());
    }
    machine.stop(1000);
}
