//! The ways of the simulated Vultr: three fields of state, cursors, and blocks that outlive their instance.

use machine_simcloud::{Cloud, Running, SimCloud};
use serde_json::{Value, json};

use crate::support::{Caller, exact};

async fn up() -> (Running, Caller) {
    let running = exact(Cloud::Vultr).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Vultr, "token");
    (running, caller)
}

async fn create(caller: &Caller) -> String {
    let order = json!({"region": "ewr", "plan": "vc2-1c-1gb", "os_id": 2136, "tags": ["owner:me"]});
    let made = caller.call("POST", "/v2/instances", order, 202).await;
    format!("/v2/instances/{}", made["instance"]["id"].as_str().unwrap())
}

async fn state(caller: &Caller, path: &str) -> [String; 3] {
    let instance = &caller.get(path).await["instance"];
    ["status", "power_status", "server_status"].map(|field| instance[field].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_instance_comes_up_in_three_fields() {
    let (running, caller) = up().await;
    let path = create(&caller).await;
    assert_eq!(state(&caller, &path).await, ["pending", "stopped", "none"]);
    caller.advance(25).await;
    assert_eq!(state(&caller, &path).await, ["active", "stopped", "locked"]);
    assert_ne!(caller.get(&path).await["instance"]["main_ip"], "0.0.0.0");
    let refused = caller.call("DELETE", &path, Value::Null, 500).await;
    assert!(refused["error"].as_str().unwrap().contains("currently locked"));
    caller.advance(5).await;
    assert_eq!(state(&caller, &path).await, ["active", "running", "installingbooting"]);
    caller.advance(35).await;
    assert_eq!(state(&caller, &path).await, ["active", "running", "ok"]);
    caller.call("POST", &format!("{path}/halt"), Value::Null, 204).await;
    caller.advance(5).await;
    assert_eq!(state(&caller, &path).await, ["active", "stopped", "ok"]);
    running.shutdown().await;
}

#[tokio::test]
async fn cursors_lead_through_all_of_250_and_end_empty() {
    let (running, caller) = up().await;
    caller.get("/v2/account").await;
    caller.call("POST", "/_sim/seed", json!({"count": 250}), 200).await;
    let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), String::new());
    for page in 0..3 {
        let list = caller.get(&format!("/v2/instances?cursor={cursor}")).await;
        let ids = list["instances"].as_array().unwrap().iter().map(|instance| instance["id"].to_string());
        seen.extend(ids);
        let next = list["meta"]["links"]["next"].as_str().unwrap();
        assert_eq!(next.is_empty(), page == 2);
        cursor = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    }
    assert_eq!(seen.len(), 250);
    caller.call("GET", "/v2/instances?cursor=nonsense", Value::Null, 400).await;
    running.shutdown().await;
}

#[tokio::test]
async fn a_block_outlives_its_instance_and_goes_on_costing() {
    let (running, caller) = up().await;
    let path = create(&caller).await;
    let order = json!({"region": "ewr", "size_gb": 10, "label": "owner:me"});
    let made = caller.call("POST", "/v2/blocks", order, 202).await;
    let block = format!("/v2/blocks/{}", made["block"]["id"].as_str().unwrap());
    caller.advance(120).await;
    let to = json!({"instance_id": path.rsplit('/').next(), "live": true});
    caller.call("POST", &format!("{block}/attach"), to, 204).await;
    caller.call("DELETE", &path, Value::Null, 204).await;
    assert_eq!(caller.get(&block).await["block"]["attached_to_instance"], "");
    assert_eq!(caller.get("/_sim/bill?marker=owner:me").await["total"]["open"], 1);
    caller.call("DELETE", &block, Value::Null, 204).await;
    assert_eq!(caller.get("/_sim/bill?marker=owner:me").await["total"]["open"], 0);
    running.shutdown().await;
}

#[tokio::test]
async fn an_order_has_exactly_one_source_and_a_plan_of_its_region() {
    let (running, caller) = up().await;
    let whole = json!({"region": "ewr", "plan": "vc2-1c-1gb", "os_id": 2136});
    for (key, value) in [
        ("os_id", Value::Null),
        ("os_id", json!(159)),
        ("snapshot_id", json!("none")),
        ("plan", json!("vc2-100c")),
        ("region", json!("moon")),
        ("user_data", json!("#cloud-config")),
        ("hostname", json!("-web")),
        ("sshkey_id", json!(["none"])),
    ] {
        let mut order = whole.clone();
        order[key] = value;
        assert_eq!(caller.call("POST", "/v2/instances", order, 400).await["status"], 400);
    }
    let elsewhere = json!({"region": "sgp", "plan": "vhf-1c-1gb", "os_id": 2136, "tags": null});
    let refused = caller.call("POST", "/v2/instances", elsewhere, 400).await;
    assert!(refused["error"].as_str().unwrap().contains("not available"));
    running.shutdown().await;
}

#[tokio::test]
async fn thirty_requests_a_second_are_answered() {
    let running = SimCloud::builder().machines(false).cloud(Cloud::Vultr, 0).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Vultr, "token");
    let (mut refused, begun) = (0, std::time::Instant::now());
    for _ in 0..40 {
        refused += u32::from(caller.send("GET", "/v2/account", Value::Null).await.unwrap().status == 429);
    }
    // A slow computer may need more than a second for 40, and then fewer are too many.
    let quick = begun.elapsed() < std::time::Duration::from_secs(1);
    assert!(refused == 10 || (!quick && refused < 10), "{refused}");
    running.shutdown().await;
}
