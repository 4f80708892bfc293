//! `machine doctor` says how to mend what it finds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::playing::Playing;
use crate::support::{Home, finish};

fn findings(home: &Home) -> Vec<Value> {
    let said = home.machine(["doctor", "-o", "json"]);
    serde_json::from_slice(&said.stdout).unwrap()
}

#[track_caller]
fn finding<'a>(findings: &'a [Value], what: &str) -> &'a Value {
    findings.iter().find(|finding| finding["what"] == what).unwrap_or_else(|| panic!("{what}: {findings:?}"))
}

#[test]
fn a_computer_in_order_has_nothing_to_mend() {
    let home = Home::new();
    home.machine(["create", "box"]).expect(0);
    home.machine(["destroy", "--yes", "box"]).expect(0);
    let found = findings(&home);
    for what in ["state", "permissions", "ledger", "reaper", "configuration"] {
        assert_eq!(finding(&found, what)["status"], "ok", "{what}: {found:?}");
    }
    let space = finding(&found, "space")["detail"].as_str().unwrap();
    assert!(space.contains("MiB free"), "{space}");
}

#[test]
fn what_others_can_read_is_found_with_the_command_that_mends_it() {
    let home = Home::new();
    let file = home.path().join("home/.config/machine/config.yml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "provider: local\nfly: {access-token: hunter2}\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    home.machine(["info"]).expect(0);
    fs::set_permissions(home.state().join("ledger.db"), fs::Permissions::from_mode(0o640)).unwrap();
    let found = findings(&home);
    for (what, says) in [("permissions", "ledger.db"), ("file", "0644")] {
        let finding = finding(&found, what);
        assert_eq!(finding["status"], "warn");
        assert!(finding["detail"].as_str().unwrap().contains(says), "{finding}");
        let mend = finding["hint"].as_str().unwrap();
        assert!(std::process::Command::new("sh").args(["-c", mend]).status().unwrap().success(), "{mend}");
    }
    let found = findings(&home);
    assert_eq!(finding(&found, "permissions")["status"], "ok");
    assert_eq!(finding(&found, "file")["status"], "ok");
    assert!(!found.iter().any(|finding| finding.to_string().contains("hunter2")));
}

#[test]
fn a_cloud_that_answers_says_what_time_it_is() {
    let home = Home::new();
    assert!(!findings(&home).iter().any(|finding| finding["what"] == "clock"), "nobody has answered");
    let cloud = Playing::begin(&home, "vultr", &["--no-machines"]);
    let output = cloud.command(&home, &["doctor", "-o", "json"]).output().unwrap();
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(finding(&found, "clock")["status"], "ok", "{found:?}");
    assert_eq!(finding(&found, "vultr")["status"], "ok", "{found:?}");
    cloud.end();
}

#[test]
fn a_missing_ssh_is_told() {
    let home = Home::new();
    let mut command = home.command(["doctor", "-o", "json"]);
    command.env("PATH", home.path());
    let found: Vec<Value> = serde_json::from_slice(&finish(command, b"").stdout).unwrap();
    let ssh = finding(&found, "ssh");
    assert!(ssh["status"] == "warn" && ssh["hint"].as_str().unwrap().contains("OpenSSH"), "{ssh}");
}
