//! How the simulated Fly behaves over time.

use machine_simcloud::{Cloud, Quirks, Running, SimCloud};
use serde_json::{Value, json};

use crate::support::{Caller, exact};

const MACHINES: &str = "/v1/apps/web/machines";
const NONCE: &str = "fly-machine-lease-nonce";

async fn up() -> (Running, Caller) {
    let running = exact(Cloud::Fly).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Fly, "token");
    caller.call("POST", "/v1/apps", json!({"name": "web", "org_slug": "personal"}), 201).await;
    (running, caller)
}

fn order(more: Value) -> Value {
    let mut config = json!({"image": "nginx", "restart": {"policy": "no"}, "metadata": {"machine_owner": "me"}});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"region": "iad", "config": config})
}

/// The path of a machine that is up.
async fn started(caller: &Caller, more: Value) -> String {
    let made = caller.call("POST", MACHINES, order(more), 200).await;
    caller.advance(60).await;
    format!("{MACHINES}/{}", made["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_wait_ends_with_the_state_or_in_time_or_when_there_is_no_hope() {
    let (running, caller) = up().await;
    let made = caller.call("POST", MACHINES, order(json!({})), 200).await;
    let machine = format!("{MACHINES}/{}", made["id"].as_str().unwrap());
    let version = made["instance_id"].as_str().unwrap();
    caller.call("GET", &format!("{machine}/wait?timeout=1"), Value::Null, 408).await;
    let path = format!("{machine}/wait?state=stopped,started&version={version}");
    let (waited, ()) = tokio::join!(caller.get(&path), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        caller.advance(60).await;
    });
    assert_eq!((waited["state"].as_str().unwrap(), waited["version"].as_str().unwrap()), ("started", version));
    caller.call("POST", &machine, order(json!({})), 200).await;
    let replaced = caller.call("GET", &path, Value::Null, 400).await;
    assert!(replaced["error"].as_str().unwrap().contains("currently replaced"));
    caller.advance(60).await;
    caller.call("POST", "/_sim/state", json!({"id": made["id"], "state": "exit 3"}), 204).await;
    caller.call("GET", &format!("{machine}/wait?state=started"), Value::Null, 400).await;
    caller.get(&format!("{machine}/wait?state=settled")).await;
    caller.call("GET", &format!("{MACHINES}/0123456789abcd/wait"), Value::Null, 404).await;
    running.shutdown().await;
}

#[tokio::test]
async fn who_holds_the_lease_alone_changes_the_machine_until_it_ends() {
    let (running, caller) = up().await;
    let machine = started(&caller, json!({})).await;
    let (lease, stop) = (format!("{machine}/lease"), format!("{machine}/stop"));
    let taken = caller.call("POST", &lease, json!({"ttl": 30}), 201).await;
    let nonce = taken["data"]["nonce"].as_str().unwrap();
    caller.call("POST", &lease, json!({"ttl": 30}), 409).await;
    caller.call("POST", &stop, Value::Null, 409).await;
    caller.advance(20).await;
    let again = caller.send_with("POST", &lease, json!({"ttl": 30}), &[(NONCE, nonce)]).await.unwrap();
    assert_eq!((again.status, again.json()["data"]["nonce"].as_str().unwrap()), (201, nonce));
    caller.advance(20).await;
    caller.call("DELETE", &machine, Value::Null, 409).await;
    assert_eq!(caller.send_with("POST", &stop, Value::Null, &[(NONCE, nonce)]).await.unwrap().status, 200);
    caller.advance(20).await;
    caller.call("GET", &lease, Value::Null, 404).await;
    caller.call("DELETE", &machine, Value::Null, 200).await;
    running.shutdown().await;
}

#[tokio::test]
async fn a_volume_has_one_machine_and_outlives_it() {
    let (running, caller) = up().await;
    let made = caller.call("POST", "/v1/apps/web/volumes", json!({"name": "data", "region": "ams"}), 200).await;
    let volume = format!("/v1/apps/web/volumes/{}", made["id"].as_str().unwrap());
    let mount = json!({"mounts": [{"volume": made["id"], "path": "/data"}]});
    caller.call("POST", MACHINES, order(mount.clone()), 400).await;
    let mut here = order(mount);
    here["region"] = "ams".into();
    let machine = caller.call("POST", MACHINES, here.clone(), 200).await;
    caller.call("POST", MACHINES, here, 412).await;
    assert_eq!(caller.get(&volume).await["attached_machine_id"], machine["id"]);
    caller.call("DELETE", &volume, Value::Null, 412).await;
    let grown = caller.call("PUT", &format!("{volume}/extend"), json!({"size_gb": 9}), 200).await;
    assert_eq!(grown["needs_restart"], true);
    let path = format!("{MACHINES}/{}", machine["id"].as_str().unwrap());
    caller.call("DELETE", &format!("{path}?force=true"), Value::Null, 200).await;
    caller.advance(60).await;
    caller.call("DELETE", &volume, Value::Null, 200).await;
    running.shutdown().await;
}

#[tokio::test]
async fn a_machine_that_is_to_go_when_it_is_done_goes_and_says_how_it_ended() {
    let (running, caller) = up().await;
    let machine = started(&caller, json!({"auto_destroy": true})).await;
    let id = machine.rsplit('/').next().unwrap();
    caller.call("POST", "/_sim/state", json!({"id": id, "state": "exit oom"}), 204).await;
    let gone = caller.get(&machine).await;
    assert_eq!(
        (&gone["state"], &gone["events"][0]["type"], &gone["events"][1]["type"]),
        (&json!("destroyed"), &json!("destroy"), &json!("exit"))
    );
    let exit = &gone["events"][1]["request"]["exit_event"];
    assert_eq!(
        (&exit["oom_killed"], &exit["guest_signal"], &exit["requested_stop"]),
        (&json!(true), &json!(9), &json!(false))
    );
    assert_eq!(caller.get(MACHINES).await, json!([]));
    assert_eq!(caller.get(&format!("{MACHINES}?include_deleted=true")).await[0]["id"], id);
    caller.advance(61).await;
    caller.call("GET", &machine, Value::Null, 404).await;
    assert_eq!(caller.get("/_sim/bill?marker=me").await["total"]["open"], 0);
    running.shutdown().await;
}

#[tokio::test]
async fn a_machine_that_fails_is_started_again_unless_it_was_to_stop() {
    let (running, caller) = up().await;
    let machine = started(&caller, json!({"restart": {"policy": "on-failure", "max_retries": 1}})).await;
    let id = machine.rsplit('/').next().unwrap();
    for state in ["starting", "stopped"] {
        caller.call("POST", "/_sim/state", json!({"id": id, "state": "exit 1"}), 204).await;
        assert_eq!(caller.get(&machine).await["state"], state);
        caller.advance(60).await;
    }
    running.shutdown().await;
}

#[tokio::test]
async fn an_update_needs_the_version_that_there_is() {
    let (running, caller) = up().await;
    let machine = started(&caller, json!({})).await;
    let before = caller.get(&machine).await["instance_id"].clone();
    let mut change = order(json!({"env": {"A": "b"}}));
    change["current_version"] = before.clone();
    let after = caller.call("PUT", &machine, change.clone(), 200).await;
    assert_ne!(after["instance_id"], before);
    assert_eq!(after["config"]["env"], json!({"A": "b"}));
    caller.call("POST", &machine, change, 412).await;
    caller.call("DELETE", &machine, Value::Null, 412).await;
    running.shutdown().await;
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_has_made_a_machine_that_costs() {
    let (running, caller) = up().await;
    let lost = json!({"operation": "create_machine", "what": {"status": {"code": 408, "body": {"error": "timeout"}}}});
    caller.fault(lost).await;
    caller.call("POST", MACHINES, order(json!({})), 408).await;
    let found = caller.get(&format!("{MACHINES}?metadata.machine_owner=me")).await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(caller.get("/_sim/bill?marker=me").await["total"]["open"], 1);
    assert_eq!(caller.get("/_sim/machines").await["machines"][0]["owner"], "me");
    running.shutdown().await;
}

#[tokio::test]
async fn reserved_regions_have_no_room() {
    let (running, caller) = up().await;
    for (region, status) in [("full", 503), ("quota", 403), ("nowhere", 400), ("full,ams", 200), ("crowded", 200)] {
        let mut order = order(json!({}));
        order["region"] = region.into();
        let made = caller.call("POST", MACHINES, order, status).await;
        if region == "crowded" {
            let machine = format!("{MACHINES}/{}", made["id"].as_str().unwrap());
            caller.advance(60).await;
            caller.call("POST", &format!("{machine}/stop"), Value::Null, 200).await;
            caller.advance(60).await;
            caller.call("POST", &format!("{machine}/start"), Value::Null, 409).await;
        }
    }
    caller.call("POST", MACHINES, json!({"region": "dark", "config": {"image": "nginx"}}), 200).await;
    let all = caller.get("/orgs/personal/machines?limit=1").await;
    assert_eq!(all["error_regions"], json!(["dark"]));
    let rest = format!("/orgs/personal/machines?cursor={}", all["next_cursor"].as_str().unwrap());
    assert_eq!(caller.get(&rest).await["machines"].as_array().unwrap().len(), 1);
    running.shutdown().await;
}

#[tokio::test]
async fn names_of_apps_are_everybodys_and_machines_are_not() {
    let (running, caller) = up().await;
    started(&caller, json!({})).await;
    let other = Caller::new(&running, Cloud::Fly, "other");
    other.call("POST", "/apps", json!({"app_name": "web", "org_slug": "personal"}), 422).await;
    other.call("GET", MACHINES, Value::Null, 404).await;
    let seeded = other.call("POST", "/_sim/seed", json!({"count": 3, "token": "other"}), 200).await;
    assert_eq!(seeded["ids"].as_array().unwrap().len(), 3);
    let flown = Caller { token: None, ..caller };
    let got = flown.send_with("GET", MACHINES, Value::Null, &[("authorization", "FlyV1 token")]).await.unwrap();
    assert_eq!((got.status, got.headers.contains_key("fly-request-id")), (200, true));
    running.shutdown().await;
}

#[tokio::test]
async fn who_does_too_much_to_one_machine_is_refused_and_who_reads_is_not() {
    let running =
        SimCloud::builder().machines(false).cloud(Cloud::Fly, 0).quirks(Quirks::none()).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Fly, "token");
    caller.call("POST", "/v1/apps", json!({"name": "web", "org_slug": "personal"}), 201).await;
    let made = caller.call("POST", MACHINES, order(json!({})), 200).await;
    let machine = format!("{MACHINES}/{}", made["id"].as_str().unwrap());
    let mut deeds = Vec::new();
    for _ in 0..5 {
        deeds.push(caller.send("POST", &format!("{machine}/cordon"), Value::Null).await.unwrap().status);
    }
    assert_eq!((deeds[2], deeds[4]), (200, 429));
    for _ in 0..8 {
        caller.get(&machine).await;
    }
    running.shutdown().await;
}

#[tokio::test]
async fn what_there_was_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let builder = exact(Cloud::Fly).state(dir.path());
    let running = builder.clone().start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Fly, "token");
    caller.call("POST", "/v1/apps", json!({"name": "web", "org_slug": "personal"}), 201).await;
    let made = caller.call("POST", MACHINES, order(json!({})), 200).await;
    running.shutdown().await;
    let running = builder.start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Fly, "token");
    caller.advance(60).await;
    let machine = caller.get(&format!("{MACHINES}/{}", made["id"].as_str().unwrap())).await;
    assert_eq!(machine["state"], "started");
    assert_eq!(caller.get("/_sim/bill?marker=me").await["total"]["open"], 1);
    running.shutdown().await;
}
