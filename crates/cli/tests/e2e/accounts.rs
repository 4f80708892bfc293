//! Several accounts of one cloud, and machines that were made elsewhere.

use crate::playing::Playing;
use crate::support::{Home, eventually};

#[test]
fn another_accounts_machines_are_not_taken_for_gone() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let mine = |args: &[&str]| cloud.machine(&home, args);
    let theirs = |args: &[&str]| cloud.machine_with(&home, &[("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_another")], args);
    let (code, text) = mine(&["create", "web-1"]);
    assert_eq!(code, 0, "{text}");
    let id = text.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    for _ in 0..2 {
        let (code, text) = theirs(&["gc"]);
        assert!(code == 0 && text.contains("1 line of the ledger is for the account"), "{code}: {text}");
    }
    let (code, text) = mine(&["gc"]);
    assert!(code == 0 && text.contains("nothing to clean up"), "{code}: {text}");
    assert!(mine(&["ledger", "list"]).1.contains("bound"));
    assert_eq!(mine(&["destroy", "--yes", &id]).0, 0);
    cloud.end();
}

#[test]
fn what_another_tool_made_is_taken_over() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let run = |args: &[&str]| cloud.machine(&home, args);
    let wish =
        r#"{"name":"by-hand","region":"nyc3","size":"s-1vcpu-1gb","image":"debian-12-x64","tags":["team:blue"]}"#;
    let answer = cloud.ask("POST", "/v2/droplets", wish);
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    // A list there may lag behind.
    eventually("the droplet shows", || run(&["inspect", "by-hand"]).0 == 0);
    let (code, text) = run(&["adopt", "by-hand", "--ttl", "1h"]);
    assert!(code == 0 && text.contains("is ours, until"), "{code}: {text}");
    let tags = cloud.ask("GET", "/v2/droplets", "");
    for tag in ["machine:owner:", "machine:intent:", "machine:deadline:", "team:blue"] {
        assert!(tags.contains(tag), "{tag} is not in {tags}");
    }
    assert!(run(&["ledger", "list"]).1.contains("by-hand"));
    let elsewhere = Home::new();
    let (code, text) = cloud.machine(&elsewhere, &["adopt", "by-hand"]);
    assert!(code == 5 && text.contains("another owner") && text.contains("--yes"), "{code}: {text}");
    let (code, text) = cloud.machine(&elsewhere, &["adopt", "--yes", "by-hand"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(&["gc", "--yes"]);
    assert!(code == 0 && text.contains("left alone"), "what is another's now is not destroyed: {code}: {text}");
    assert_eq!(cloud.machine(&elsewhere, &["destroy", "--yes", "by-hand"]).0, 0);
    assert_eq!(run(&["list", "--all"]).1, "");
    cloud.end();
}
