//! Every operation of the simulated DigitalOcean, held against the published description.

use machine_simcloud::{Cloud, Running};
use serde_json::{Value, json};

use crate::spec::Spec;
use crate::support::{Caller, exact};

/// An ssh key of nobody's.
pub(crate) const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f somebody@example.com";

/// Where the description and the real API differ.
const TOLERATED: &[(&str, &str)] = &[(
    "valid under more than one of the schemas listed in the 'oneOf'",
    "two of the actions by tag are described alike",
)];

#[tokio::test]
async fn every_answer_is_as_described() {
    let running = exact(Cloud::DigitalOcean).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::DigitalOcean, "token");
    catalog(&caller).await;
    let droplet = droplets(&caller).await;
    volumes(&caller, droplet).await;
    keys(&caller).await;
    domains(&caller).await;
    tags(&caller, droplet).await;
    projects(&caller, droplet).await;
    end(&caller, &running, droplet).await;
    let problems =
        Spec::load("digitalocean-v2.openapi.json", "").problems(&running.traffic(Cloud::DigitalOcean), TOLERATED);
    assert_eq!(problems, Vec::<String>::new());
    running.shutdown().await;
}

async fn catalog(caller: &Caller) {
    for path in
        ["account", "sizes", "regions", "images", "images?type=distribution", "images?private=true", "firewalls"]
    {
        caller.get(&format!("/v2/{path}")).await;
    }
    caller.get("/v2/images/debian-12-x64").await;
    caller.call("GET", "/v2/images/windows-95", Value::Null, 404).await;
    let vpcs = caller.get("/v2/vpcs").await;
    caller.get(&format!("/v2/vpcs/{}", vpcs["vpcs"][0]["id"].as_str().unwrap())).await;
}

async fn droplets(caller: &Caller) -> u64 {
    let order = json!({
        "name": "web-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "tags": ["a:b"],
        "user_data": "#cloud-config\n", "ipv6": true, "monitoring": true,
    });
    let made = caller.call("POST", "/v2/droplets", order.clone(), 202).await;
    let id = made["droplet"]["id"].as_u64().unwrap();
    let several = json!({"names": ["a", "b"], "region": "ams", "size": "s-1vcpu-2gb", "image": 155_133_621});
    caller.call("POST", "/v2/droplets", several, 202).await;
    caller.get(&format!("/v2/actions/{}", made["links"]["actions"][0]["id"])).await;
    caller.advance(60).await;
    caller.get(&format!("/v2/droplets/{id}")).await;
    for query in ["", "?tag_name=a:b", "?name=WEB-1", "?per_page=1&page=2", "?type=gpus"] {
        caller.get(&format!("/v2/droplets{query}")).await;
    }
    let actions = format!("/v2/droplets/{id}/actions");
    for action in [
        json!({"type": "snapshot", "name": "copy"}),
        json!({"type": "rename", "name": "web-2"}),
        json!({"type": "reboot"}),
        json!({"type": "shutdown"}),
        json!({"type": "resize", "size": "s-2vcpu-4gb", "disk": true}),
        json!({"type": "power_on"}),
        json!({"type": "rebuild", "image": "debian-12-x64"}),
    ] {
        let begun = caller.call("POST", &actions, action, 201).await;
        caller.call("POST", &actions, json!({"type": "reboot"}), 422).await;
        caller.advance(60).await;
        caller.get(&format!("{actions}/{}", begun["action"]["id"])).await;
    }
    caller.call("POST", "/v2/droplets/actions?tag_name=a:b", json!({"type": "enable_ipv6"}), 201).await;
    caller.advance(60).await;
    caller.get(&actions).await;
    caller.get("/v2/actions").await;
    caller.get(&format!("/v2/droplets/{id}")).await;
    let snapshots = caller.get(&format!("/v2/droplets/{id}/snapshots")).await;
    let snapshot = snapshots["snapshots"][0]["id"].as_u64().unwrap();
    caller.call("PUT", &format!("/v2/images/{snapshot}"), json!({"name": "copy 2"}), 200).await;
    caller.get("/v2/snapshots?resource_type=droplet").await;
    caller.get(&format!("/v2/snapshots/{snapshot}")).await;
    caller.call("DELETE", &format!("/v2/images/{snapshot}"), Value::Null, 204).await;
    caller
        .call("POST", "/v2/droplets", json!({"name": "no way", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}), 422)
        .await;
    id
}

async fn volumes(caller: &Caller, droplet: u64) {
    let order =
        json!({"name": "data", "region": "nyc3", "size_gigabytes": 10, "filesystem_type": "ext4", "tags": ["a:b"]});
    let made = caller.call("POST", "/v2/volumes", order.clone(), 201).await;
    caller.call("POST", "/v2/volumes", order, 409).await;
    let id = made["volume"]["id"].as_str().unwrap();
    let (volume, actions) = (format!("/v2/volumes/{id}"), format!("/v2/volumes/{id}/actions"));
    let attach = json!({"type": "attach", "droplet_id": droplet, "region": "nyc3"});
    let begun = caller.call("POST", &actions, attach, 202).await;
    caller.advance(60).await;
    caller.get(&format!("{actions}/{}", begun["action"]["id"])).await;
    caller.get(&actions).await;
    caller.call("DELETE", &volume, Value::Null, 409).await;
    caller.get(&format!("/v2/droplets/{droplet}")).await;
    caller.call("POST", &actions, json!({"type": "resize", "size_gigabytes": 20, "region": "nyc3"}), 202).await;
    caller.advance(60).await;
    let detach = json!({"type": "detach", "droplet_id": droplet, "volume_name": "data", "region": "nyc3"});
    caller.call("POST", "/v2/volumes/actions", detach, 202).await;
    caller.advance(60).await;
    caller.get(&volume).await;
    caller.get("/v2/volumes?name=data&region=nyc3").await;
    let made = caller.call("POST", &format!("{volume}/snapshots"), json!({"name": "copy"}), 201).await;
    let snapshot = made["snapshot"]["id"].as_str().unwrap();
    caller.get(&format!("{volume}/snapshots")).await;
    caller.get(&format!("/v2/volumes/snapshots/{snapshot}")).await;
    caller.get("/v2/snapshots?resource_type=volume").await;
    let copy = json!({"name": "copy", "region": "nyc3", "size_gigabytes": 20, "snapshot_id": snapshot});
    caller.call("POST", "/v2/volumes", copy, 201).await;
    caller.call("DELETE", &format!("/v2/volumes/snapshots/{snapshot}"), Value::Null, 204).await;
    caller.call("DELETE", &format!("/v2/snapshots/{snapshot}"), Value::Null, 404).await;
    caller.call("DELETE", "/v2/volumes?name=copy&region=nyc3", Value::Null, 204).await;
    caller.call("DELETE", &volume, Value::Null, 204).await;
    caller.call("GET", &volume, Value::Null, 404).await;
}

async fn keys(caller: &Caller) {
    let made = caller.call("POST", "/v2/account/keys", json!({"name": "mine", "public_key": KEY}), 201).await;
    caller.call("POST", "/v2/account/keys", json!({"name": "again", "public_key": KEY}), 422).await;
    let by_id = format!("/v2/account/keys/{}", made["ssh_key"]["id"]);
    let by_fingerprint = format!("/v2/account/keys/{}", made["ssh_key"]["fingerprint"].as_str().unwrap());
    caller.get("/v2/account/keys").await;
    assert_eq!(caller.get(&by_fingerprint).await, caller.get(&by_id).await);
    caller.call("PUT", &by_id, json!({"name": "ours"}), 200).await;
    caller.call("DELETE", &by_fingerprint, Value::Null, 204).await;
    caller.call("GET", &by_id, Value::Null, 404).await;
}

async fn domains(caller: &Caller) {
    caller.call("POST", "/v2/domains", json!({"name": "example.com", "ip_address": "192.0.2.1"}), 201).await;
    caller.call("POST", "/v2/domains", json!({"name": "example.com"}), 422).await;
    caller.get("/v2/domains").await;
    caller.get("/v2/domains/example.com").await;
    let records = "/v2/domains/example.com/records";
    let www = json!({"type": "A", "name": "www", "data": "192.0.2.1", "ttl": 60});
    let made = caller.call("POST", records, www, 201).await;
    let mail = json!({"type": "MX", "name": "@", "data": "mail.example.com.", "priority": 0});
    caller.call("POST", records, mail, 201).await;
    caller.call("POST", records, json!({"type": "CNAME", "name": "w", "data": "www.example.com"}), 422).await;
    let record = format!("{records}/{}", made["domain_record"]["id"]);
    let found = caller.get(&format!("{records}?type=A&name=www.example.com")).await;
    assert_eq!(found["meta"]["total"], 1);
    caller.get(&record).await;
    caller.call("PUT", &record, json!({"type": "A", "data": "192.0.2.2"}), 200).await;
    caller.call("PATCH", &record, json!({"type": "A", "ttl": 120}), 200).await;
    caller.call("DELETE", &record, Value::Null, 204).await;
    caller.call("DELETE", &record, Value::Null, 404).await;
    caller.call("DELETE", "/v2/domains/example.com", Value::Null, 204).await;
}

async fn tags(caller: &Caller, droplet: u64) {
    caller.call("POST", "/v2/tags", json!({"name": "Blue"}), 201).await;
    let resources = json!({"resources": [{"resource_id": droplet.to_string(), "resource_type": "droplet"}]});
    caller.call("POST", "/v2/tags/Blue/resources", resources.clone(), 204).await;
    assert_eq!(caller.get("/v2/tags/Blue").await["tag"]["resources"]["droplets"]["count"], 1);
    caller.get("/v2/tags").await;
    caller.call("DELETE", "/v2/tags/Blue/resources", resources, 204).await;
    caller.call("DELETE", "/v2/tags/Blue", Value::Null, 204).await;
    caller.call("GET", "/v2/tags/Blue", Value::Null, 404).await;
}

async fn projects(caller: &Caller, droplet: u64) {
    let order = json!({"name": "web", "purpose": "Web Application", "environment": "Staging"});
    let made = caller.call("POST", "/v2/projects", order, 201).await;
    let project = format!("/v2/projects/{}", made["project"]["id"].as_str().unwrap());
    for path in ["/v2/projects", "/v2/projects/default", "/v2/projects/default/resources", &project] {
        caller.get(path).await;
    }
    let resources = json!({"resources": [format!("do:droplet:{droplet}")]});
    caller.call("POST", &format!("{project}/resources"), resources.clone(), 200).await;
    assert_eq!(caller.get(&format!("{project}/resources")).await["meta"]["total"], 1);
    caller.call("DELETE", &project, Value::Null, 412).await;
    let whole = json!({
        "name": "web", "description": "all of it", "purpose": "Web", "environment": "Production", "is_default": false,
    });
    caller.call("PUT", &project, whole, 200).await;
    caller.call("PATCH", &project, json!({"name": "www"}), 200).await;
    caller.call("POST", "/v2/projects/default/resources", resources, 200).await;
    caller.call("DELETE", &project, Value::Null, 204).await;
}

async fn end(caller: &Caller, running: &Running, droplet: u64) {
    caller.call("DELETE", &format!("/v2/droplets/{droplet}"), Value::Null, 204).await;
    caller.call("GET", &format!("/v2/droplets/{droplet}"), Value::Null, 404).await;
    caller.call("DELETE", "/v2/droplets?tag_name=a:b", Value::Null, 404).await;
    for token in [None, Some("bad"), Some("forbidden")] {
        let other = Caller { address: running.address(Cloud::DigitalOcean).unwrap(), token: token.map(str::to_owned) };
        other.call("GET", "/v2/droplets", Value::Null, if token == Some("forbidden") { 403 } else { 401 }).await;
    }
}
