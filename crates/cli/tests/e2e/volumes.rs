//! `machine volumes`.

use crate::playing::Playing;
use crate::support::Home;

#[test]
fn a_volume_outlives_its_machine() {
    let home = Home::new();
    home.machine(["volumes", "create", "data", "--size", "2g"]).expect(0);
    home.machine(["volumes", "create", "data"]).expect(5);
    home.machine(["create", "one", "--volume", "data:/srv/data"]).expect(0);
    home.machine(["exec", "one", "--", "sh", "-c", "echo kept > /srv/data/file"]).expect(0);
    let list = home.machine(["volumes", "list"]).expect(0).out();
    let fields: Vec<_> = list.trim_end().split('\t').collect();
    assert_eq!(fields[..4], ["data", "2g", "one", "/srv/data"]);
    let said = home.machine(["volumes", "destroy", "--yes", "data"]).expect(5);
    assert!(said.stderr.contains("error:"), "{}", said.stderr);
    home.machine(["destroy", "-y", "one"]).expect(0);

    home.machine(["create", "two"]).expect(0);
    home.machine(["stop", "two"]).expect(0);
    home.machine(["volumes", "attach", "dta", "two:/mnt/data"]).expect(3);
    home.machine(["volumes", "attach", "data", "two:/mnt/data"]).expect(0);
    home.machine(["start", "two"]).expect(0);
    assert_eq!(home.machine(["exec", "two", "--", "cat", "/mnt/data/file"]).expect(0).out(), "kept\n");
    home.machine(["stop", "two"]).expect(0);
    home.machine(["volumes", "detach", "data"]).expect(0);
    home.machine(["volumes", "resize", "data", "4g"]).expect(0);
    home.machine(["volumes", "resize", "data", "1g"]).expect(2);
    let json: serde_json::Value =
        serde_json::from_slice(&home.machine(["volumes", "list", "-o", "json"]).expect(0).stdout).unwrap();
    assert_eq!(json[0]["size_gib"], 4);
    assert!(json[0]["attached_to"].is_null());
    home.machine(["volumes", "destroy", "data"]).expect(1);
    home.machine(["volumes", "destroy", "--yes", "data"]).expect(0);
    assert_eq!(home.machine(["volumes", "list"]).expect(0).out(), "");
    home.machine(["destroy", "-y", "two"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_volume_is_as_small_as_there_are_where_nothing_else_is_said() {
    let home = Home::new();
    for (cloud, size) in [("digitalocean", "1g"), ("vultr", "10g")] {
        let playing = Playing::begin(&home, cloud, &["--no-machines"]);
        let (code, text) = playing.machine(&home, &["volumes", "create", "data"]);
        assert_eq!(code, 0, "{text}");
        let (_, text) = playing.machine(&home, &["volumes", "list"]);
        assert!(text.starts_with(&format!("data\t{size}\t")), "{text}");
        playing.end();
    }
}
