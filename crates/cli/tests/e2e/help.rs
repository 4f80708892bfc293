//! Help, version and command lines that cannot be read: without a home, a runtime or a ledger.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Said, finish, program};

/// `machine` with nothing around it.
fn bare(args: &[&str]) -> Said {
    let mut command = Command::new(program());
    command.args(args).env_clear();
    finish(command, b"")
}

const COMMANDS: &[&str] = &[
    "run",
    "jobs",
    "verify",
    "create",
    "plan",
    "list",
    "status",
    "inspect",
    "start",
    "stop",
    "restart",
    "destroy",
    "logs",
    "exec",
    "cp",
    "wait",
    "volumes",
    "snapshots",
    "domains",
    "list-domain",
    "ssh-keys",
    "projects",
    "regions",
    "sizes",
    "images",
    "ip",
    "suspend",
    "gc",
    "info",
    "check",
    "doctor",
    "config",
    "simcloud",
    "init",
    "completions",
    "man",
    "version",
];

#[test]
fn every_command_has_a_page_that_needs_nothing() {
    let top = bare(&["--help"]).expect(0);
    assert_eq!(bare(&[]).expect(0).out(), top.out(), "saying nothing is asking for help");
    for command in COMMANDS {
        assert!(top.out().contains(&format!("\n  {command} ")), "{command} is not in the help");
        let page = bare(&[command, "--help"]).expect(0);
        assert!(page.out().contains("Usage: machine"), "{command}");
        assert!(page.stderr.is_empty());
    }
    for command in ["create", "list", "attach", "detach", "resize", "destroy"] {
        assert!(bare(&["volumes", command, "--help"]).expect(0).out().contains("Examples:"));
    }
    assert!(!top.out().contains("__"), "helpers are nobody's business");
}

/// Every command line of the tree, the hidden helpers left out.
fn command_lines() -> Vec<Vec<String>> {
    fn collect(command: &clap::Command, words: &[String], lines: &mut Vec<Vec<String>>) {
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            let words = [words, &[below.get_name().to_owned()]].concat();
            collect(below, &words, lines);
            lines.push(words);
        }
    }
    let mut lines = Vec::new();
    collect(&machine_cli::command_tree(), &[], &mut lines);
    lines
}

#[test]
fn every_page_is_there_at_once_and_touches_nothing() {
    let home = tempfile::tempdir().unwrap();
    let lines = command_lines();
    assert!(lines.len() > 30, "{lines:?}");
    let began = Instant::now();
    for words in &lines {
        for words in
            [[words.as_slice(), &["--help".to_owned()]].concat(), [&["help".to_owned()], words.as_slice()].concat()]
        {
            let mut command = Command::new(program());
            command.args(&words).env_clear().env("HOME", home.path()).current_dir(home.path());
            let said = finish(command, b"").expect(0);
            assert!(said.out().contains("Usage: machine") && said.stderr.is_empty(), "{words:?}: {said:?}");
        }
    }
    // Some milliseconds each; the limit is for a computer that has other things to do.
    assert!(began.elapsed() < Duration::from_millis(200) * u32::try_from(2 * lines.len()).unwrap());
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "help is read and leaves nothing");
}

#[test]
fn examples_come_before_the_details() {
    let page = bare(&["run", "--help"]).expect(0).out();
    assert!(page.find("Examples:").unwrap() < page.find("Usage:").unwrap(), "{page}");
}

#[test]
fn the_version() {
    let version = format!("machine {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(bare(&["version"]).expect(0).out(), version);
    assert_eq!(bare(&["--version"]).expect(0).out(), version);
    let json: serde_json::Value = serde_json::from_slice(&bare(&["version", "-o", "json"]).expect(0).stdout).unwrap();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_command_line_that_cannot_be_read_is_2_or_125_and_names_the_nearest() {
    let said = bare(&["lisst"]).expect(2);
    assert!(said.stderr.contains("'list'") && said.stdout.is_empty(), "{said:?}");
    let said = bare(&["run", "--timeuot", "1s", "--", "true"]).expect(125);
    assert!(said.stderr.contains("--timeout"), "{said:?}");
    let said = bare(&["run", "--timeout", "soon", "--", "true"]).expect(125);
    assert!(said.stderr.contains("write it like 90s"), "{said:?}");
    let said = bare(&["list", "-o", "jsn"]).expect(2);
    assert!(said.stderr.contains("'json'"), "{said:?}");
    let said = bare(&["volumes", "lst"]).expect(2);
    assert!(said.stderr.contains("'list'"), "{said:?}");
    bare(&["exec", "web-1"]).expect(125);
    bare(&["create"]).expect(2);
}
