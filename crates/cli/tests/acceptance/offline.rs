//! What needs no cloud: types, help, version, the client id.

use std::fs;

use serde_json::Value;

use crate::stage::{DO, Stage};
use crate::support::Home;

#[test]
fn types() {
    let stage = Stage::new(DO);
    stage.asked();
    assert_eq!(stage.done(&["types"]), "Web\nbox\n");
    assert_eq!(stage.json(&["types", "-o", "json"]), serde_json::json!(["Web", "box"]));
    assert_eq!(stage.asked(), Vec::<Value>::new());
    stage.end();
}

#[test]
fn version_without_config() {
    let home = Home::new();
    for args in [&["version"][..], &["--version"]] {
        let said = home.machine(args).expect(0);
        assert!(said.out().starts_with("machine ") && said.stderr.is_empty(), "{said:?}");
    }
    assert_eq!(fs::read_dir(home.path().join("home")).unwrap().count(), 0, "it makes nothing");
}

#[test]
fn help_without_config() {
    fn pages(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        found.push(path.to_vec());
        for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
            pages(below, &[path, &[below.get_name().to_owned()]].concat(), found);
        }
    }
    let home = Home::new();
    let mut found = Vec::new();
    pages(&machine_cli::command_tree(), &[], &mut found);
    assert!(found.len() > 40, "{found:?}");
    for mut page in found {
        page.push("--help".to_owned());
        let said = home.machine(&page).expect(0);
        assert!(said.out().contains("Usage:") && said.stderr.is_empty(), "{page:?}: {said:?}");
    }
    assert!(home.machine([] as [&str; 0]).expect(0).out().contains("Usage:"));
    assert_eq!(fs::read_dir(home.path().join("home")).unwrap().count(), 0);
}

#[test]
fn session_id() {
    let stage = Stage::new(DO);
    let file = stage.config_dir().join("session-id.yml");
    fs::write(&file, "id: 1234e678\n").unwrap();
    let (id, _) = stage.made("one");
    let tags = |body: &Value| body["tags"][0].as_str().unwrap().to_owned();
    assert_eq!(tags(&stage.creation()), "machine:session:1234e678");
    assert_eq!(stage.done(&["list", "-q"]), format!("{id}\n"));
    assert_eq!(stage.done(&["--session-id", "other", "list", "-q"]), "");
    // What the older tool made of such an id is ours as well.
    let body = stage_body(&["machine:session:inf", "machine:created"]);
    let theirs = stage.put("/v2/droplets", &body)["droplet"]["id"].to_string();
    crate::support::eventually("its tags", || stage.done(&["list", "-q", "-n", "theirs"]) == format!("{theirs}\n"));
    stage.machine(&["destroy", "--no-confirm", &theirs]).expect(0);
    assert_eq!(stage.done(&["list", "--all", "-q"]), format!("{id}\n"));
    stage.end();
}

fn stage_body(tags: &[&str]) -> Value {
    serde_json::json!({"name": "theirs", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "region": "nyc3", "tags": tags})
}
