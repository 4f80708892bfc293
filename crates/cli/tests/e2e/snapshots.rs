//! `machine snapshots`.

use crate::playing::Playing;
use crate::support::{Home, eventually};

#[test]
fn a_snapshot_outlives_its_machine() {
    for name in ["digitalocean", "vultr"] {
        let home = Home::new();
        let cloud = Playing::begin(&home, name, &["--no-machines", "--speed", "60"]);
        let run = |args: &[&str]| cloud.machine(&home, args);
        assert_eq!(run(&["create", "web-1"]).0, 0);
        let (code, text) = run(&["snapshots", "create", "web-2"]);
        assert!(code == 3 && text.contains("did you mean web-1?"), "{code}: {text}");
        let (code, text) = run(&["snapshots", "create", "web-1", "before"]);
        assert!(code == 0 && text.contains("charged until it is destroyed"), "{code}: {text}");
        let id = text.lines().next().unwrap();
        assert_eq!(run(&["destroy", "--yes", "web-1"]).0, 0);
        // A list there may lag behind.
        eventually("it to show", || run(&["snapshots", "list"]).1.starts_with("before\t"));
        assert_eq!(run(&["snapshots", "list", "-o", "ids"]).1.trim_end(), id);
        assert_eq!(cloud.json(&home, &["snapshots", "list", "-o", "json"])[0]["name"], "before");
        assert!(run(&["ledger", "list"]).1.contains("snapshot\tbefore\tbound"));
        let (code, text) = run(&["snapshots", "destroy", "before"]);
        assert!(code == 1 && text.contains("Type YES"), "{code}: {text}");
        let (code, text) = run(&["snapshots", "destroy", "--yes", "before", "before1"]);
        assert!(code == 9 && text.contains("did you mean before?"), "{code}: {text}");
        assert_eq!(run(&["snapshots", "list"]), (0, String::new()));
        cloud.end();
    }
}

#[test]
fn a_snapshot_without_a_name_is_called_after_its_machine_and_the_time() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines", "--speed", "60"]);
    assert_eq!(cloud.machine(&home, &["create", "web-1"]).0, 0);
    assert_eq!(cloud.machine(&home, &["snapshots", "create", "web-1"]).0, 0);
    eventually("it to show", || cloud.machine(&home, &["snapshots", "list"]).1.starts_with("web-1-2"));
    cloud.end();
}

#[test]
fn where_no_snapshots_are_taken_it_is_refused() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &["--no-machines"]);
    for args in [&["snapshots", "list"][..], &["snapshots", "create", "web-1"]] {
        let (code, text) = fly.machine(&home, args);
        assert!(code == 2 && text.contains("snapshots of machines are not taken there"), "{code}: {text}");
        assert!(home.machine(args).expect(2).stderr.contains("snapshots of machines are not taken there"));
    }
    fly.end();
}
