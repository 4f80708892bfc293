//! Every operation of the simulated Fly, held against the published description.

use machine_simcloud::{Cloud, Running};
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::support::{Caller, exact};

/// Where the description and the real API differ.
const TOLERATED: &[(&str, &str)] = &[
    ("the description has no such status", "most refusals are not described"),
    ("PUT update_machine -> 200: the description has no such path", "clients replace with PUT too"),
    ("list_logs -> 200: the description has no such path", "logs are another API"),
    ("POST create_app -> 201: answer: nothing is expected", "the id of a new app is not described"),
    ("_machine -> 200: answer: nothing is expected", "that a deed is done is answered with more than a status"),
    ("release_lease -> 200: answer: nothing is expected", "the same"),
    ("create_volume_snapshot -> 200: answer: nothing is expected", "the snapshot is answered"),
    (r#"null is not of type "string""#, "a volume that nobody has is attached to null"),
];

#[tokio::test]
async fn every_answer_is_as_described() {
    let running = exact(Cloud::Fly).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Fly, "token");
    apps(&caller).await;
    let machine = machines(&caller).await;
    metadata(&caller, &machine).await;
    volumes(&caller).await;
    platform(&caller).await;
    end(&caller, &running, &machine).await;
    let problems = Spec::load("fly-machines-v1.openapi.json", "/v1").problems(&running.traffic(Cloud::Fly), TOLERATED);
    assert_eq!(problems, Vec::<String>::new());
    running.shutdown().await;
}

async fn apps(caller: &Caller) {
    caller.call("POST", "/v1/apps", json!({"name": "web", "org_slug": "personal"}), 201).await;
    caller.call("POST", "/v1/apps", json!({"app_name": "other", "org_slug": "personal"}), 201).await;
    let taken = caller.call("POST", "/v1/apps", json!({"name": "web", "org_slug": "personal"}), 422).await;
    assert_eq!(taken["status"], "name_taken");
    caller.call("POST", "/v1/apps", json!({"name": "No Way", "org_slug": "personal"}), 422).await;
    assert_eq!(caller.get("/v1/apps?org_slug=personal").await["total_apps"], 2);
    caller.get("/v1/apps/web").await;
    caller.call("DELETE", "/v1/apps/other", Value::Null, 202).await;
    caller.call("GET", "/v1/apps/other", Value::Null, 404).await;
    let made = caller.call("POST", "/v1/apps/web/ip_assignments", json!({"type": "v4"}), 200).await;
    caller.get("/v1/apps/web/ip_assignments").await;
    let ip = format!("/v1/apps/web/ip_assignments/{}", made["ip"].as_str().unwrap());
    caller.call("DELETE", &ip, Value::Null, 204).await;
}

async fn machines(caller: &Caller) -> String {
    let order = json!({
        "name": "one", "region": "iad",
        "config": {
            "image": "nginx:1.29", "size": "shared-cpu-2x", "env": {"A": "b"}, "metadata": {"machine_owner": "me"},
            "files": [{"guest_path": "/etc/x", "raw_value": "eA=="}], "restart": {"policy": "no"},
        },
    });
    let made = caller.call("POST", "/v1/apps/web/machines", order.clone(), 200).await;
    caller.call("POST", "/v1/apps/web/machines", order.clone(), 409).await;
    let machine = format!("/v1/apps/web/machines/{}", made["id"].as_str().unwrap());
    caller.advance(60).await;
    caller.get(&format!("{machine}/wait?state=started&timeout=1")).await;
    for query in ["", "?summary=true", "?state=started&region=iad", "?metadata.machine_owner=me&include_deleted=true"] {
        assert_eq!(caller.get(&format!("/v1/apps/web/machines{query}")).await.as_array().unwrap().len(), 1, "{query}");
    }
    caller.call("POST", &format!("{machine}/exec"), json!({"command": ["true"], "timeout": 5}), 400).await;
    let lease = format!("{machine}/lease");
    caller.call("GET", &lease, Value::Null, 404).await;
    let taken = caller.call("POST", &lease, json!({"ttl": 30, "description": "mine"}), 201).await;
    caller.get(&lease).await;
    let nonce = taken["data"]["nonce"].as_str().unwrap();
    let release = caller.send_with("DELETE", &lease, Value::Null, &[("fly-machine-lease-nonce", nonce)]).await;
    assert_eq!(release.unwrap().status, 200);
    for deed in ["cordon", "uncordon", "restart", "suspend", "start"] {
        caller.call("POST", &format!("{machine}/{deed}"), Value::Null, 200).await;
        caller.advance(60).await;
    }
    caller.call("POST", &format!("{machine}/signal"), json!({"signal": "SIGTERM"}), 200).await;
    caller.get(&machine).await;
    caller.call("PUT", &machine, order.clone(), 200).await;
    caller.advance(60).await;
    caller.call("POST", &machine, order, 200).await;
    caller.advance(60).await;
    caller.call("POST", &format!("{machine}/stop"), json!({"signal": "SIGTERM", "timeout": "10s"}), 200).await;
    caller.advance(60).await;
    caller.get(&format!("{machine}/events?limit=3")).await;
    caller.get(&format!("{machine}/versions")).await;
    caller.call("GET", &format!("{machine}/wait?state=nowhere"), Value::Null, 400).await;
    assert_eq!(caller.get("/api/v1/apps/web/logs?next_token=7&instance=x").await["meta"]["next_token"], "7");
    machine
}

async fn metadata(caller: &Caller, machine: &str) {
    let all = format!("{machine}/metadata");
    caller.call("PUT", &all, json!({"metadata": {"a": "1", "b": "2"}}), 204).await;
    caller.call("PATCH", &all, json!({"metadata": {"a": "", "c": "3"}}), 204).await;
    caller.call("PATCH", &all, json!({"metadata": {}, "machine_version": "other"}), 412).await;
    caller.call("POST", &format!("{all}/d"), json!({"value": "4"}), 204).await;
    caller.call("DELETE", &format!("{all}/b"), Value::Null, 204).await;
    assert_eq!(caller.get(&all).await, json!({"c": "3", "d": "4"}));
    assert_eq!(caller.get(&format!("{all}/d")).await["value"], "4");
    caller.call("GET", &format!("{all}/b"), Value::Null, 404).await;
}

async fn volumes(caller: &Caller) {
    let order = json!({"name": "data", "region": "iad", "size_gb": 2, "compute": {"cpus": 1, "memory_mb": 256}});
    let made = caller.call("POST", "/v1/apps/web/volumes", order, 200).await;
    let volume = format!("/v1/apps/web/volumes/{}", made["id"].as_str().unwrap());
    caller.call("PUT", &volume, json!({"snapshot_retention": 7}), 200).await;
    caller.call("PUT", &format!("{volume}/extend"), json!({"size_gb": 5}), 200).await;
    caller.call("PUT", &format!("{volume}/extend"), json!({"size_gb": 4}), 400).await;
    let snapshot = caller.call("POST", &format!("{volume}/snapshots"), Value::Null, 200).await;
    caller.get(&format!("{volume}/snapshots")).await;
    let copy = json!({"name": "copy", "region": "iad", "snapshot_id": snapshot["id"]});
    assert_eq!(caller.call("POST", "/v1/apps/web/volumes", copy, 200).await["size_gb"], 5);
    caller.call("DELETE", &volume, Value::Null, 200).await;
    assert_eq!(caller.get(&volume).await["state"], "pending_destroy");
    assert_eq!(caller.get("/v1/apps/web/volumes").await.as_array().unwrap().len(), 2);
    caller.advance(24 * 3600).await;
    caller.call("GET", &volume, Value::Null, 404).await;
}

async fn platform(caller: &Caller) {
    assert_eq!(caller.get("/v1/platform/regions").await["Nearest"], "iad");
    let asked = json!({"org_slug": "personal", "count": 3, "region": "iad,full"});
    assert_eq!(caller.call("POST", "/v1/platform/placements", asked, 200).await["regions"][1]["count"], 0);
    assert_eq!(caller.get("/v1/orgs/personal/machines?limit=1").await["error_regions"], json!([]));
}

async fn end(caller: &Caller, running: &Running, machine: &str) {
    caller.call("DELETE", machine, Value::Null, 200).await;
    caller.advance(10).await;
    assert_eq!(caller.get(machine).await["state"], "destroyed");
    caller.advance(60).await;
    caller.call("GET", machine, Value::Null, 404).await;
    caller.call("DELETE", "/v1/apps/web?force=true", Value::Null, 202).await;
    for token in [None, Some("bad"), Some("forbidden")] {
        let other = Caller { address: running.address(Cloud::Fly).unwrap(), token: token.map(str::to_owned) };
        let status = if token == Some("forbidden") { 403 } else { 401 };
        other.call("GET", "/v1/apps?org_slug=personal", Value::Null, status).await;
    }
}
