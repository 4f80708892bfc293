//! Regions in order of preference: the next one is tried where there is no room, by a wish of its own.

use serde_json::{Value, json};

use crate::rows::{DO, FLY, ROW, VULTR};
use crate::scene::Scene;

/// Two regions of that cloud, between commas.
fn regions(cloud: &str) -> &'static str {
    match cloud {
        FLY => "iad,ams",
        DO => "nyc3,fra1",
        _ => "ewr,ams",
    }
}

/// So many requests for a machine are refused for want of room.
fn fill(scene: &Scene, cloud: &str, times: u32) {
    let (operation, code, body) = match cloud {
        FLY => ("create_machine", 503, json!({"error": "no room", "status": "insufficient_capacity"})),
        DO => (
            "create_droplet",
            422,
            json!({"id": "unprocessable_entity", "message": "Size is not available in this region."}),
        ),
        _ => (
            "create_instance",
            400,
            json!({"error": "The selected plan is not available in the selected region.", "status": 400}),
        ),
    };
    let what = json!({"status": {"code": code, "body": body}});
    scene.ask(
        "POST",
        "/_sim/faults",
        &json!([{"operation": operation, "when": "before", "what": what, "times": times}]),
    );
}

/// The states of the lines of the machine of that name.
fn lines(scene: &Scene, name: &str) -> Vec<String> {
    let (code, out, err) = scene.machine(&ROW, &["ledger", "list", "--all", "-o", "json"]);
    assert_eq!(code, 0, "{err}");
    let all: Value = serde_json::from_str(&out).unwrap();
    let ours = all.as_array().unwrap().iter().filter(|line| line["name"] == name);
    let mut states: Vec<_> = ours.map(|line| line["state"].as_str().unwrap().to_owned()).collect();
    states.sort();
    states
}

/// How many machines of that name are on the bill.
fn billed(scene: &Scene) -> usize {
    let bill = scene.ask("GET", "/_sim/bill", &Value::Null);
    bill["charges"].as_array().unwrap().iter().filter(|charge| charge["kind"] == "machine").count()
}

#[test]
fn the_next_region_gets_the_machine_where_the_first_is_full() {
    for cloud in [FLY, DO, VULTR] {
        let scene = Scene::new(cloud);
        let before = billed(&scene);
        fill(&scene, cloud, 1);
        let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--region", regions(cloud), "-o", "json"]);
        assert_eq!(code, 0, "{cloud}: {err}");
        let machine: Value = serde_json::from_str(&out).unwrap();
        let (first, second) = regions(cloud).split_once(',').unwrap();
        assert_eq!(machine["region"], second, "{cloud}");
        // Where it is tried, and at which price, is told each time.
        assert!(
            err.contains(&format!("web-1 in {first}: $")) && err.contains(&format!("web-1 in {second}: $")),
            "{err}"
        );
        assert_eq!(lines(&scene, "web-1"), ["bound", "void"], "{cloud}");
        assert_eq!(billed(&scene), before + 1, "{cloud}");
    }
}

#[test]
fn where_all_are_full_each_is_named() {
    for cloud in [FLY, DO, VULTR] {
        let scene = Scene::new(cloud);
        let before = billed(&scene);
        fill(&scene, cloud, 2);
        let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--region", regions(cloud)]);
        assert_eq!((code, out.as_str()), (6, ""), "{cloud}: {err}");
        let named = regions(cloud).replace(',', ", ");
        assert!(err.contains(&format!("error: there is no room for `web-1` in any of {named}\n")), "{cloud}: {err}");
        assert!(err.matches("  tried before: ").count() == 2 && err.contains("\nhint: "), "{cloud}: {err}");
        assert_eq!(lines(&scene, "web-1"), ["void", "void"], "{cloud}");
        assert_eq!(billed(&scene), before, "{cloud}");
    }
}

#[test]
fn what_may_have_been_made_is_not_tried_elsewhere() {
    for (cloud, operation) in [(FLY, "create_machine"), (DO, "create_droplet"), (VULTR, "create_instance")] {
        let scene = Scene::new(cloud);
        let before = billed(&scene);
        scene.ask("POST", "/_sim/faults", &json!([{"operation": operation, "when": "after", "what": "reset"}]));
        let (code, _, err) = scene.machine(&ROW, &["create", "web-1", "--region", regions(cloud)]);
        assert_eq!(code, 0, "{cloud}: it is found where it was made: {err}");
        assert_eq!(lines(&scene, "web-1"), ["bound"], "{cloud}");
        assert_eq!(billed(&scene), before + 1, "{cloud}");
    }
}

#[test]
fn another_failure_ends_it() {
    let scene = Scene::new(DO);
    let what = json!({"status": {"code": 422, "body": {"id": "unprocessable_entity",
        "message": "creating this/these droplet(s) will exceed your droplet limit"}}});
    scene.ask("POST", "/_sim/faults", &json!([{"operation": "create_droplet", "when": "before", "what": what}]));
    let (code, _, err) = scene.machine(&ROW, &["create", "web-1", "--region", "nyc3,fra1"]);
    assert!(code == 6 && err.contains("droplet limit"), "{code}: {err}");
    assert_eq!(lines(&scene, "web-1"), ["void"]);
}

#[test]
fn the_budget_is_asked_for_each_attempt_and_free_again_after_it() {
    let scene = Scene::new(FLY);
    std::fs::write(scene.path().join("budget.yml"), "fly:\n  region: iad\nbudget: {per-day: 1}\n").unwrap();
    fill(&scene, FLY, 1);
    let line = ["--config-file", "budget.yml", "create", "web-1", "--region", "iad,ams", "--ttl", "1h"];
    let (code, _, err) = scene.machine(&ROW, &line);
    assert_eq!(code, 0, "{err}");
    let (_, out, _) = scene.machine(&ROW, &["cost", "-o", "json"]);
    let cost: Value = serde_json::from_str(&out).unwrap();
    let things: Vec<_> = cost["things"].as_array().unwrap().iter().filter(|thing| thing["name"] == "web-1").collect();
    assert_eq!(things.len(), 1, "what is void costs nothing: {things:?}");
}
