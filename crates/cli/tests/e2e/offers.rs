//! `machine regions`, `sizes`, `images` and `projects`.

use serde_json::json;

use crate::playing::Playing;
use crate::support::Home;

#[test]
fn what_a_cloud_has_on_offer_can_be_asked_for() {
    for (name, region, size, image) in [
        ("fly", "iad", "shared-cpu-1x", "debian-12"),
        ("digitalocean", "nyc3", "s-1vcpu-1gb", "debian-12"),
        ("vultr", "ewr", "vc2-1c-1gb", "debian-12"),
    ] {
        let home = Home::new();
        let cloud = Playing::begin(&home, name, &["--no-machines"]);
        let run = |args: &[&str]| cloud.machine(&home, args);
        let line = |args: &[&str], id: &str| -> Vec<String> {
            let (code, text) = run(args);
            assert_eq!(code, 0, "{args:?}: {text}");
            let line = text.lines().find(|line| line.split('\t').any(|cell| cell == id));
            line.unwrap_or_else(|| panic!("{id} is not in {text}")).split('\t').map(str::to_owned).collect()
        };
        assert_eq!(line(&["regions"], region)[2], "yes");
        let cells = line(&["sizes"], size);
        assert!(
            cells.len() == 7 && cells[1] == "1" && cells[4].starts_with('$') && cells[5].starts_with('$'),
            "{cells:?}"
        );
        assert_eq!(line(&["images"], image)[1], image);
        for what in ["regions", "sizes", "images"] {
            let json = cloud.json(&home, &[what, "-o", "json"]);
            let (_, ids) = run(&[what, "-o", "ids"]);
            assert_eq!(json.as_array().unwrap().len(), ids.lines().count(), "{what}");
            let (_, table) = run(&[what, "-o", "table"]);
            assert!(table.starts_with("ID "), "{table}");
        }
        let json = cloud.json(&home, &["sizes", "-o", "json"]);
        let sizes = json.as_array().unwrap();
        let priced = sizes.iter().find(|shown| shown["id"] == size).unwrap();
        assert!(priced["monthly"].as_i64() > priced["price"]["hourly"].as_i64(), "{priced}");
        assert!(priced["memory_mib"].is_u64() && priced["regions"].is_array(), "{priced}");
        cloud.end();
    }
}

#[test]
fn this_computer_is_on_offer_too() {
    let home = Home::new();
    assert_eq!(home.machine(["regions"]).expect(0).out(), "local\tthis computer\tyes\n");
    assert_eq!(home.machine(["images", "-o", "ids"]).expect(0).out(), "host\n");
    assert!(home.machine(["sizes"]).expect(0).out().contains("host\t"));
}

#[test]
fn projects_are_named_where_there_are_any() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let body = r#"{"name":"blue team","purpose":"Web Application"}"#;
    let answer = cloud.ask("POST", "/v2/projects", body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let names = cloud.json(&home, &["projects", "-o", "json"]);
    assert!(names.as_array().unwrap().contains(&json!("blue team")), "{names}");
    assert!(cloud.machine(&home, &["projects"]).1.lines().any(|line| line == "blue team"));
    cloud.end();
    let vultr = Playing::begin(&home, "vultr", &["--no-machines"]);
    assert_eq!(vultr.json(&home, &["projects", "-o", "json"]), json!([]));
    vultr.end();
    assert_eq!(home.machine(["projects", "-o", "json"]).expect(0).out(), "[]\n");
    let said = home.machine(["projects"]).expect(0);
    assert!(said.stdout.is_empty() && said.stderr.contains("has no projects"), "{said:?}");
}
