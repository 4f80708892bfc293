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
        let (code, text) = run(&["-q", "snapshots", "create", "web-1", "before"]);
        assert_eq!(code, 0, "{text}");
        let id = text.trim_end();
        let (code, text) = run(&["snapshots", "create", "web-1"]);
        assert!(code == 0 && text.contains("charged until it is destroyed"), "{code}: {text}");
        assert_eq!(run(&["destroy", "--yes", "web-1"]).0, 0);
        // A list there may lag behind.
        eventually("both to show", || run(&["snapshots", "list"]).1.lines().count() == 2);
        let (_, list) = run(&["snapshots", "list"]);
        assert!(list.starts_with("before\t") && list.contains("\nweb-1-2"), "{list}");
        assert!(run(&["snapshots", "list", "-o", "ids"]).1.lines().any(|line| line == id));
        assert_eq!(cloud.json(&home, &["snapshots", "list", "-o", "json"])[0]["name"], "before");
        let (code, text) = run(&["snapshots", "destroy", "before"]);
        assert!(code == 2 && text.contains("--yes"), "{code}: {text}");
        let (code, text) = run(&["snapshots", "destroy", "--yes", "before", "befor"]);
        assert!(code == 9 && text.contains("did you mean before?"), "{code}: {text}");
        assert_eq!(run(&["snapshots", "list"]).1.lines().count(), 1);
        let (_, ids) = run(&["snapshots", "list", "-o", "ids"]);
        assert_eq!(run(&["snapshots", "destroy", "--yes", ids.trim_end()]).0, 0);
        assert_eq!(run(&["snapshots", "list"]), (0, String::new()));
        cloud.end();
    }
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
