//! Long lists: how many requests they take, and that one page that fails leaves no list.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::rows::{DO, ROW};
use crate::scene::Scene;

/// Droplets with GPUs are a list of their own at DigitalOcean, of one page here.
const GPUS: u64 = 1;

/// A page of DigitalOcean's.
const PAGE: usize = 200;

fn asked(scene: &Scene) -> u64 {
    scene.ask("GET", "/_sim/requests", &Value::Null)["list_droplets"].as_u64().unwrap_or(0)
}

/// Makes droplets until there are `count`.
fn seed(scene: &Scene, count: usize) {
    let there = scene.ask("GET", "/_sim/machines", &Value::Null)["machines"].as_array().map_or(0, Vec::len);
    scene.ask("POST", "/_sim/seed", &json!({"count": count - there, "token": ROW.token}));
}

#[test]
fn a_list_with_a_page_that_fails_is_no_list() {
    let scene = Scene::new(DO);
    seed(&scene, 1_000);
    let pages = 1_000 / PAGE as u64 + GPUS;
    let before = asked(&scene);
    let (code, out, err) = scene.machine(&ROW, &["list", "--all", "-o", "ids"]);
    assert_eq!((code, out.lines().count(), err.as_str()), (0, 1_000, ""));
    assert_eq!(asked(&scene) - before, pages);
    for page in 0..pages {
        let body = json!({"id": "forbidden", "message": "You are not permitted to do that."});
        let what = json!({"status": {"code": 403, "body": body}});
        scene.ask(
            "POST",
            "/_sim/faults",
            &json!([{"operation": "list_droplets", "when": "before", "what": what, "skip": page}]),
        );
        let (code, out, err) = scene.machine(&ROW, &["list", "--all", "-o", "ids"]);
        assert_eq!((code, out.as_str()), (4, ""), "request {page}: {err}");
        assert!(err.starts_with("error: You are not permitted"), "{err}");
        // One that was not asked for, because another had failed, is no fault of the next list.
        scene.ask("DELETE", "/_sim/faults", &Value::Null);
    }
}

#[test]
fn the_pages_of_ten_thousand_are_fetched_at_once() {
    let scene = Scene::new(DO);
    seed(&scene, 10_000);
    let slow = json!([{"operation": "list_droplets", "when": "after", "what": {"slow": {"ms": 200}}, "times": 1000}]);
    scene.ask("POST", "/_sim/faults", &slow);
    let (before, began) = (asked(&scene), Instant::now());
    let (code, out, err) = scene.machine(&ROW, &["list", "--all", "-o", "ids"]);
    assert_eq!((code, out.lines().count(), err.as_str()), (0, 10_000, ""));
    let requests = asked(&scene) - before;
    assert_eq!(requests, 10_000 / PAGE as u64 + GPUS);
    // One after the other they would take ten seconds.
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
}
