//! The ways of the simulated DigitalOcean: late, locked, billed, and back after a restart.

use jiff::SignedDuration;
use machine_simcloud::{Cloud, Quirks, Running, SimCloud};
use serde_json::{Value, json};

use crate::support::{Caller, exact};

fn order(name: &str) -> Value {
    json!({"name": name, "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "tags": ["owner:me"]})
}

async fn up() -> (Running, Caller) {
    let running = exact(Cloud::DigitalOcean).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    (running, caller)
}

async fn create(caller: &Caller, name: &str) -> u64 {
    caller.call("POST", "/v2/droplets", order(name), 202).await["droplet"]["id"].as_u64().unwrap()
}

async fn total(caller: &Caller, path: &str) -> u64 {
    caller.get(path).await["meta"]["total"].as_u64().unwrap()
}

#[tokio::test]
async fn a_new_droplet_shows_late_and_comes_up_later() {
    let quirks = Quirks::none()
        .hidden(SignedDuration::from_secs(1))
        .list_lag(SignedDuration::from_secs(3))
        .late_tags(SignedDuration::from_secs(6));
    let running = exact(Cloud::DigitalOcean).quirks(quirks).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    let path = format!("/v2/droplets/{}", create(&caller, "web").await);
    caller.call("GET", &path, Value::Null, 404).await;
    caller.advance(2).await;
    let new = caller.get(&path).await;
    assert_eq!((&new["droplet"]["status"], &new["droplet"]["networks"]["v4"]), (&json!("new"), &json!([])));
    assert_eq!(total(&caller, "/v2/droplets").await, 0);
    caller.advance(2).await;
    assert_eq!(total(&caller, "/v2/droplets").await, 1);
    assert_eq!(total(&caller, "/v2/droplets?tag_name=owner:me").await, 0);
    caller.advance(3).await;
    assert_eq!(total(&caller, "/v2/droplets?tag_name=owner:me").await, 1);
    caller.call("DELETE", &path, Value::Null, 422).await;
    caller.advance(30).await;
    let active = caller.get(&path).await;
    assert_eq!((&active["droplet"]["status"], &active["droplet"]["locked"]), (&json!("active"), &json!(false)));
    running.shutdown().await;
}

#[tokio::test]
async fn a_lost_answer_leaves_a_droplet_and_a_refused_order_does_not() {
    let (running, caller) = up().await;
    for (when, there) in [("before", 0), ("after", 1)] {
        caller.fault(json!({"operation": "create_droplet", "when": when, "what": "reset"})).await;
        caller.send("POST", "/v2/droplets", order("web")).await.unwrap_err();
        assert_eq!(total(&caller, "/v2/droplets").await, there, "{when}");
    }
    assert_eq!(caller.get("/_sim/requests").await["create_droplet"], 2);
    running.shutdown().await;
}

#[tokio::test]
async fn lists_are_late_stale_or_empty_as_the_plan_says() {
    let (running, caller) = up().await;
    caller.fault(json!({"operation": "create_droplet", "what": {"late": {"ms": 5000}}})).await;
    let id = create(&caller, "web").await;
    assert_eq!(total(&caller, "/v2/droplets").await, 0);
    caller.advance(30).await;
    assert_eq!(total(&caller, "/v2/droplets").await, 1);
    caller.fault(json!({"operation": "list_droplets", "what": "empty_list"})).await;
    caller.fault(json!({"operation": "list_droplets", "what": {"stale_list": {"ms": 29000}}})).await;
    assert_eq!(total(&caller, "/v2/droplets").await, 0);
    assert_eq!(total(&caller, "/v2/droplets").await, 0);
    caller.call("DELETE", &format!("/v2/droplets/{id}"), Value::Null, 204).await;
    assert_eq!(total(&caller, "/v2/droplets").await, 0);
    caller.advance(5).await;
    caller.fault(json!({"operation": "list_droplets", "what": {"stale_list": {"ms": 10000}}})).await;
    assert_eq!(total(&caller, "/v2/droplets").await, 1, "a list of then has what was there then");
    running.shutdown().await;
}

#[tokio::test]
async fn a_list_of_250_has_pages_that_link_to_each_other() {
    let (running, caller) = up().await;
    caller.get("/v2/account").await;
    caller.call("POST", "/_sim/seed", json!({"count": 250}), 200).await;
    let first = caller.get("/v2/droplets?per_page=200").await;
    let next = first["links"]["pages"]["next"].as_str().unwrap();
    let path = next.strip_prefix(&running.url(Cloud::DigitalOcean).unwrap()).unwrap();
    let second = caller.get(path).await;
    assert_eq!(second["droplets"].as_array().unwrap().len(), 50);
    assert!(second["links"]["pages"].get("next").is_none());
    running.shutdown().await;
}

#[tokio::test]
async fn the_bill_is_kept_until_a_droplet_is_destroyed() {
    let (running, caller) = up().await;
    let id = create(&caller, "web").await;
    caller.advance(3600).await;
    caller.call("DELETE", &format!("/v2/droplets/{id}"), Value::Null, 204).await;
    caller.advance(3600).await;
    let bill = caller.get("/_sim/bill?marker=owner:me").await;
    assert_eq!((&bill["total"]["open"], &bill["total"]["seconds"]), (&json!(0), &json!(3600.0)));
    assert_eq!(bill["by_marker"]["owner:me"]["dollars"], json!(0.00893));
    running.shutdown().await;
}

#[tokio::test]
async fn user_data_that_is_not_ascii_is_taken_and_then_nothing_is_there() {
    let (running, caller) = up().await;
    let mut order = order("web");
    order["user_data"] = json!("#cloud-config\n# grüße\n");
    let made = caller.call("POST", "/v2/droplets", order, 202).await;
    caller.advance(60).await;
    let action = caller.get(&format!("/v2/actions/{}", made["links"]["actions"][0]["id"])).await;
    assert_eq!(action["action"]["status"], "errored");
    caller.call("GET", &format!("/v2/droplets/{}", made["droplet"]["id"]), Value::Null, 404).await;
    running.shutdown().await;
}

#[tokio::test]
async fn what_the_cloud_does_not_sell_is_refused_in_its_words() {
    let (running, caller) = up().await;
    for (key, value, words) in [
        ("name", json!("no_way"), "Only valid hostname characters"),
        ("size", json!("s-100vcpu"), "invalid size"),
        ("size", json!("gpu-h100x1-80gb"), ""), // which is taken in that region
        ("region", json!("sfo2"), "Region is not available"),
        ("image", json!(7), "invalid image"),
        ("ssh_keys", json!([1]), "invalid key identifiers"),
        ("tags", json!(["a=b"]), "Tag name is invalid"),
        ("user_data", json!("x".repeat(65_537)), "too long"),
    ] {
        let mut order = order("web");
        order[key] = value;
        let status = if words.is_empty() { 202 } else { 422 };
        let answer = caller.call("POST", "/v2/droplets", order, status).await;
        assert!(words.is_empty() || answer["message"].as_str().unwrap().contains(words), "{answer}");
    }
    running.shutdown().await;
}

#[tokio::test]
async fn a_state_that_nobody_knows_can_be_put() {
    let (running, caller) = up().await;
    let id = create(&caller, "web").await;
    caller.call("POST", "/_sim/state", json!({"id": id.to_string(), "state": "molten"}), 204).await;
    assert_eq!(caller.get(&format!("/v2/droplets/{id}")).await["droplet"]["status"], "molten");
    assert_eq!(caller.get("/_sim/machines").await["machines"][0]["tags"], json!(["owner:me"]));
    running.shutdown().await;
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let start = || exact(Cloud::DigitalOcean).state(dir.path()).start();
    let running = start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    let id = create(&caller, "web").await;
    running.shutdown().await;
    let running = start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    caller.advance(60).await;
    assert_eq!(caller.get(&format!("/v2/droplets/{id}")).await["droplet"]["status"], "active");
    assert_eq!(caller.get("/_sim/bill").await["total"]["open"], 1);
    let other = Caller::new(&running, Cloud::DigitalOcean, "another");
    assert_eq!(total(&other, "/v2/droplets").await, 0, "another token is another account");
    running.shutdown().await;
}

#[tokio::test]
async fn who_asks_for_keys_too_often_is_told_to_wait() {
    let running = SimCloud::builder().machines(false).cloud(Cloud::DigitalOcean, 0).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    for left in (0..10).rev() {
        let got = caller.send("GET", "/v2/account/keys", Value::Null).await.unwrap();
        assert_eq!((got.status, &got.headers["ratelimit-limit"]), (200, &"5000".parse().unwrap()), "{left} left");
        assert!(got.headers.contains_key("x-request-id"));
    }
    let refused = caller.send("GET", "/v2/account/keys", Value::Null).await.unwrap();
    assert_eq!((refused.status, &refused.json()["id"]), (429, &json!("too_many_requests")));
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((50..=61).contains(&wait), "{wait}");
    running.shutdown().await;
}
