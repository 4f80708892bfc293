//! `machine plan`, `create --plan`, and the cheapest of several accounts.

use serde_json::{Value, json};

use crate::rows::{DO, FLY, ROW, VULTR};
use crate::scene::Scene;

/// What that says as JSON.
fn plan(scene: &Scene, args: &[&str], code: i32) -> Value {
    let line: Vec<_> = ["plan", "-o", "json"].iter().chain(args).copied().collect();
    let (said, out, err) = scene.machine(&ROW, &line);
    assert_eq!(said, code, "{args:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn choices_are_ranked_over_accounts_and_what_is_refused_has_its_reason() {
    let mut scene = Scene::new(FLY);
    let (other, third) = (Scene::new(DO), Scene::new(VULTR));
    scene.beside(&other);
    scene.beside(&third);
    let told = plan(&scene, &["--provider", "fly,digitalocean,vultr", "--cpus", "2", "--memory", "2g"], 0);
    let choices = told["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 10, "{told:#}");
    let prices: Vec<_> = choices.iter().map(|choice| choice["price"]["hourly"].as_i64().unwrap()).collect();
    assert!(prices.is_sorted() && prices[0] > 0, "{prices:?}");
    assert!(choices.iter().all(|choice| choice["cpus"].as_f64().unwrap() >= 2.0), "{choices:?}");
    let told = plan(&scene, &["--provider", "fly,digitalocean,vultr", "--cpus", "2", "--memory", "2g", "--all"], 0);
    let choices = told["choices"].as_array().unwrap();
    for provider in [FLY, DO, VULTR] {
        assert!(choices.iter().any(|choice| choice["provider"] == provider), "{provider}: {choices:?}");
    }

    let told = plan(&scene, &["--provider", "digitalocean,fly", "--size", "s-1vcpu-1gb"], 0);
    assert_eq!(told["choices"][0]["provider"], "digitalocean");
    let why = told["refused"].as_array().unwrap().iter().find(|no| no["provider"] == "fly").unwrap();
    assert!(why["why"].as_str().unwrap().contains("s-1vcpu-1gb"), "{why}");

    let told = plan(&scene, &["--provider", "vultr", "--cpus", "1", "--max-price", "0.00001"], 6);
    assert_eq!(told["choices"], json!([]));
    assert!(told["refused"][0]["why"].as_str().unwrap().contains("is the limit"), "{told:#}");

    let told = plan(&scene, &["--provider", "digitalocean,fly", "--user-data", "short.txt"], 0);
    let why = told["refused"].as_array().unwrap().iter().find(|no| no["provider"] == "fly").unwrap();
    assert!(why["why"].as_str().unwrap().contains("no user data is read"), "{why}");

    let (code, out, _) = scene.machine(&ROW, &["plan", "--provider", "fly", "--cpus", "2", "-o", "table"]);
    assert!(code == 0 && out.starts_with("CHOICE   PROVIDER   REGION"), "{out}");
}

#[test]
fn who_cannot_be_asked_is_named_and_the_rest_is_shown() {
    let mut scene = Scene::new(FLY);
    let other = Scene::new(DO);
    scene.beside(&other);
    other.ask("POST", "/_sim/faults", &json!([{"operation": "*", "when": "before", "what": "garbage", "times": 1000}]));
    let (code, out, err) = scene.machine(&ROW, &["plan", "--provider", "digitalocean,fly", "-o", "json"]);
    assert_eq!(code, 9, "{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&told["choices"][0]["provider"], &told["failed"][0]["provider"]),
        (&json!("fly"), &json!("digitalocean"))
    );
    assert!(err.contains("digitalocean: it could not be asked"), "{err}");
    let (code, _, err) = scene.machine(&ROW, &["plan", "--provider", "digitalocean"]);
    assert!(code != 0 && code != 9, "alone it is the failure itself: {code} {err}");
}

#[test]
fn exactly_what_was_planned_is_made_or_nothing() {
    let scene = Scene::new(DO);
    let write = |value: &Value| std::fs::write(scene.path().join("plan.json"), value.to_string()).unwrap();
    let told = plan(&scene, &["--cpus", "2", "--label", "team=blue"], 0);
    write(&told);
    let line = ["create", "web-1", "--label", "team=blue", "--plan", "plan.json", "--choice", "2", "-o", "json"];
    let (code, out, err) = scene.machine(&ROW, &line);
    assert_eq!(code, 0, "{err}");
    let machine: Value = serde_json::from_str(&out).unwrap();
    let choice = &told["choices"][1];
    assert_eq!((&machine["region"], &machine["size"]), (&choice["region"], &choice["size"]));

    let machines = || scene.ask("GET", "/_sim/machines", &Value::Null)["machines"].as_array().unwrap().len();
    let before = machines();
    let mut cheaper = told.clone();
    cheaper["choices"][0]["price"]["hourly"] = json!(1);
    let mut gone = told.clone();
    gone["choices"][0]["size"] = json!("s-2vcpu-nothing");
    let mut image = told.clone();
    image["choices"][0]["preview"]["image"] = json!("debian-9-x64");
    for (what, plan, args, code, says) in [
        ("the price rose", &cheaper, &["--label", "team=blue"][..], 5, "the price rose from $0.000001 to $"),
        ("the size is gone", &gone, &["--label", "team=blue"], 5, "s-2vcpu-nothing"),
        ("the image is another", &image, &["--label", "team=blue"], 5, "and was to be `debian-9-x64`"),
        ("other flags", &told, &[], 5, "the flags or the configuration"),
        ("no such choice", &told, &["--label", "team=blue", "--choice", "99"], 3, "no choice 99"),
        ("both", &told, &["--size", "s-1vcpu-1gb"], 2, "--size"),
    ] {
        write(plan);
        let line: Vec<_> = ["create", "web-2", "--plan", "plan.json"].iter().chain(args).copied().collect();
        let (said, out, err) = scene.machine(&ROW, &line);
        assert_eq!((said, out.as_str()), (code, ""), "{what}: {err}");
        assert!(err.contains(says), "{what}: {err}");
    }
    std::fs::write(scene.path().join("plan.json"), "{}").unwrap();
    let (code, _, err) = scene.machine(&ROW, &["create", "web-2", "--plan", "plan.json"]);
    assert!(code == 2 && err.contains("it is no plan"), "{code}: {err}");
    assert_eq!(machines(), before);
}

#[test]
fn the_cheapest_of_several_accounts_gets_the_machine() {
    let mut scene = Scene::new(FLY);
    let other = Scene::new(DO);
    scene.beside(&other);
    let (code, out, err) =
        scene.machine(&ROW, &["--provider", "fly,digitalocean", "create", "web-1", "--cpus", "2", "-o", "json"]);
    assert_eq!(code, 0, "{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert!(err.contains(" is the cheapest of the 2 accounts at which it fits"), "{err}");
    assert!(err.contains(&format!("{}: ", told["provider"].as_str().unwrap())), "{err}");
    let (code, out, err) = scene.machine(&ROW, &["--provider", "fly,digitalocean", "create", "web-2"]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("--cpus"), "{err}");
    let (code, _, err) = scene.machine(&ROW, &["--provider", "fly,nowhere", "create", "web-2", "--cpus", "1"]);
    assert!(code == 2 && err.contains("nowhere"), "{code}: {err}");
}
