//! `--dry-run`: what would be sent, and nothing else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::rows::{DO, FLY, ROW, VULTR};
use crate::scene::Scene;

/// How often each operation was asked for that changes something.
fn changes(scene: &Scene) -> BTreeMap<String, u64> {
    let all: BTreeMap<String, u64> = serde_json::from_value(scene.ask("GET", "/_sim/requests", &Value::Null)).unwrap();
    let reads = |operation: &str| ["get", "list", "show"].iter().any(|verb| operation.starts_with(verb));
    all.into_iter().filter(|(operation, _)| !reads(operation)).collect()
}

#[test]
fn a_create_is_shown_and_not_done() {
    for cloud in [FLY, DO, VULTR] {
        let scene = Scene::new(cloud);
        let before = changes(&scene);
        let (_, ledger, _) = scene.machine(&ROW, &["ledger", "export"]);
        let (path, key) = match cloud {
            FLY => ("/machines", "name"),
            DO => ("/v2/droplets", "name"),
            _ => ("/v2/instances", "label"),
        };
        // Before the command and behind it.
        for line in [&["--dry-run", "create", "web-1"][..], &["create", "web-1", "--dry-run"]] {
            let (code, out, err) = scene.machine(&ROW, line);
            assert_eq!(code, 0, "{cloud}: {err}");
            let posts: Vec<_> = out.lines().filter(|line| line.starts_with("POST ")).collect();
            assert!(matches!(posts.as_slice(), [one] if one.ends_with(path)), "{cloud}: {out}");
            assert!(out.lines().last().unwrap().starts_with("web-1: $"), "{cloud}: {out}");
        }
        let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--dry-run", "-o", "json"]);
        assert_eq!(code, 0, "{cloud}: {err}");
        let told: Value = serde_json::from_str(&out).unwrap();
        let request = &told[0]["requests"][0];
        assert_eq!((&request["method"], &request["body"][key]), (&json!("POST"), &json!("web-1")), "{cloud}: {told}");
        assert!(told[0]["price"]["hourly"].as_i64().unwrap() > 0, "{cloud}: {told}");
        assert!(told[0]["size"].is_string() && told[0]["image"].is_string() && told[0]["region"].is_string(), "{told}");
        assert_eq!(changes(&scene), before, "{cloud}");
        assert_eq!(scene.machine(&ROW, &["ledger", "export"]).1, ledger, "{cloud}");
    }
}

#[test]
fn what_is_secret_is_not_shown() {
    for (cloud, args) in [
        (FLY, &["create", "web-1", "--env", "TOKEN=hunter2", "--dry-run"][..]),
        (DO, &["create", "web-1", "--user-data", "secret.txt", "--dry-run"]),
        (VULTR, &["create", "web-1", "--user-data", "secret.txt", "--dry-run"]),
    ] {
        let scene = Scene::new(cloud);
        std::fs::write(scene.path().join("secret.txt"), "#!/bin/sh\n# hunter2\n").unwrap();
        let (code, out, err) = scene.machine(&ROW, args);
        assert_eq!(code, 0, "{cloud}: {err}");
        assert!(out.contains("(hidden)") && !format!("{out}{err}").contains("hunter2"), "{cloud}: {out}{err}");
    }
}

#[test]
fn what_a_create_refuses_is_refused() {
    let scene = Scene::new(DO);
    let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--size", "huge", "--dry-run"]);
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--max-price", "0.001", "--dry-run"]);
    assert_eq!((code, out.as_str()), (7, ""), "{err}");
    assert!(err.contains("$0.00893 an hour") && err.contains("$0.001"), "{err}");
}

#[test]
fn this_computer_says_what_it_would_do() {
    let scene = Scene::new(FLY);
    let line = ["--provider", "local", "create", "here-1", "--dry-run", "--", "sleep", "9"];
    let (code, out, err) = scene.machine(&ROW, &line);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("make the machine `here-1` on this computer\n") && out.contains("`sleep`"), "{out}");
    assert!(out.ends_with("here-1: it costs nothing\n"), "{out}");
    let (_, out, _) = scene.machine(&ROW, &["--provider", "local", "list", "-q"]);
    assert_eq!(out, "");
}

#[test]
fn a_command_that_cannot_show_it_beforehand_does_nothing() {
    let scene = Scene::new(DO);
    let before = changes(&scene);
    for (line, code) in
        [(&["--dry-run", "cp", "here", "other:/there"][..], 2), (&["--dry-run", "run", "--", "true"], 125)]
    {
        let (said, out, err) = scene.machine(&ROW, line);
        assert_eq!((said, out.as_str()), (code, ""), "{line:?}: {err}");
        assert!(err.contains("cannot show beforehand what it would do"), "{line:?}: {err}");
    }
    let (code, _, err) = scene.machine(&ROW, &["--dry-run", "list"]);
    assert_eq!(code, 0, "what changes nothing is done: {err}");
    assert_eq!(changes(&scene), before);
}
