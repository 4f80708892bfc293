//! `create` with a limit on the price, several at once, and with something to wait for.

use serde_json::{Value, json};

use crate::rows::{DO, FLY, ROW, VULTR};
use crate::scene::Scene;

#[test]
fn a_price_above_the_limit_is_refused() {
    for cloud in [FLY, DO, VULTR] {
        let scene = Scene::new(cloud);
        let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--max-price", "0.0001"]);
        assert_eq!((code, out.as_str()), (7, ""), "{cloud}: {err}");
        assert!(err.contains("$0.0001") && err.contains("an hour"), "{cloud}: {err}");
        let (code, _, err) = scene.machine(&ROW, &["create", "web-1", "--max-price", "$1"]);
        assert_eq!(code, 0, "{cloud}: {err}");
    }
    let scene = Scene::new(DO);
    let (code, _, err) = scene.machine(&ROW, &["create", "web-1", "--max-price", "cheap"]);
    assert!(code == 2 && err.contains("no amount of dollars"), "{err}");
}

#[test]
fn several_are_made_and_numbered() {
    let scene = Scene::new(DO);
    let (code, out, err) = scene.machine(&ROW, &["create", "web", "--count", "3"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.lines().count() == 3 && out.lines().all(|id| id.parse::<u64>().is_ok()), "{out}");
    let (code, out, err) = scene.machine(&ROW, &["create", "db", "--count", "2", "-o", "json"]);
    assert_eq!(code, 0, "{err}");
    let made: Vec<Value> = serde_json::from_str(&out).unwrap();
    let names: Vec<_> = made.iter().map(|machine| machine["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["db-1", "db-2"]);
    let (_, out, _) = scene.machine(&ROW, &["list", "-o", "json"]);
    assert!(["web-1", "web-2", "web-3", "db-1", "db-2"].iter().all(|name| out.contains(&format!("\"{name}\""))));
}

#[test]
fn of_several_those_that_were_made_are_kept() {
    let scene = Scene::new(DO);
    let what = json!({"status": {"code": 422, "body": {"id": "unprocessable_entity",
        "message": "creating this/these droplet(s) will exceed your droplet limit"}}});
    scene.ask("POST", "/_sim/faults", &json!([{"operation": "create_droplet", "when": "before", "what": what}]));
    let (code, out, err) = scene.machine(&ROW, &["create", "web", "--count", "3"]);
    assert_eq!((code, out.lines().count()), (9, 2), "{err}");
    assert!(err.lines().any(|line| line.starts_with("error: web-") && line.contains("droplet limit")), "{err}");
    // None at all is the failure itself.
    let all = json!([{"operation": "create_droplet", "when": "before", "what": what, "times": 2}]);
    scene.ask("POST", "/_sim/faults", &all);
    let (code, out, err) = scene.machine(&ROW, &["create", "db", "--count", "2"]);
    assert_eq!((code, out.as_str()), (6, ""), "{err}");
}

#[test]
fn what_is_waited_for_is_there() {
    for cloud in [DO, VULTR] {
        let scene = Scene::new(cloud);
        let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--wait", "-o", "json"]);
        assert_eq!(code, 0, "{cloud}: {err}");
        let machine: Value = serde_json::from_str(&out).unwrap();
        assert!(machine["state"] == "running" && machine["ip"].is_string(), "{cloud}: {machine}");
        let (code, out, err) = scene.machine(&ROW, &["create", "web-2", "--wait=ip", "-o", "json"]);
        assert_eq!(code, 0, "{cloud}: {err}");
        assert!(serde_json::from_str::<Value>(&out).unwrap()["ip"].is_string(), "{cloud}: {out}");
        let (code, _, err) = scene.machine(&ROW, &["create", "web-3", "--no-wait"]);
        assert_eq!(code, 0, "{cloud}: {err}");
    }
}

#[test]
fn what_is_not_there_in_time_is_named_and_stays() {
    let scene = Scene::new(DO);
    // Nobody is told how it goes on.
    let held = json!([{"operation": "get_droplet", "when": "before", "what": "hold", "times": 1000}]);
    scene.ask("POST", "/_sim/faults", &held);
    let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--timeout", "300ms"]);
    scene.ask("DELETE", "/_sim/faults", &Value::Null);
    assert_eq!(code, 8, "{err}");
    let id = out.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(err.contains(&format!("`web-1` ({id})")) && err.contains("it is still there"), "{err}");
    let (code, _, _) = scene.machine(&ROW, &["inspect", "web-1"]);
    assert_eq!(code, 0);
}

#[test]
fn what_never_comes_is_not_waited_for() {
    for provider in ["local", FLY] {
        let scene = Scene::new(FLY);
        let line = ["--provider", provider, "create", "web-1", "--wait=cloud-init"];
        let (code, out, err) = scene.machine(&ROW, &line);
        assert_eq!((code, out.as_str()), (2, ""), "{provider}: {err}");
        assert!(err.contains("nothing in its machines runs cloud-init"), "{provider}: {err}");
    }
}

#[test]
fn what_cannot_be_is_refused_before_a_price_is_told() {
    let scene = Scene::new(FLY);
    let (code, out, err) = scene.machine(&ROW, &["create", "web-1", "--user-data", "short.txt"]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("no user data is read") && !err.contains('$'), "{err}");
}
