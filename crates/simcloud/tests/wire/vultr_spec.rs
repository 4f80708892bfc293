//! Every operation of the simulated Vultr, held against the published description.

use machine_simcloud::{Cloud, Running};
use serde_json::{Value, json};

use crate::digitalocean_spec::KEY;
use crate::spec::Spec;
use crate::support::{Caller, exact};

/// Where the description and the real API differ.
const TOLERATED: &[(&str, &str)] = &[
    ("delete_instance -> 500: the description has no such status", "a locked server is answered with 500"),
    ("update_instance -> 500: the description has no such status", "a locked server is answered with 500"),
    ("-> 400: answer: nothing is expected", "bodies of errors are not described"),
    ("-> 401: answer: nothing is expected", "bodies of errors are not described"),
    ("-> 403: answer: nothing is expected", "bodies of errors are not described"),
    ("-> 404: answer: nothing is expected", "bodies of errors are not described"),
    ("block -> 202: answer /block/cost", "the cost of a block has a fraction"),
];

#[tokio::test]
async fn every_answer_is_as_described() {
    let running = exact(Cloud::Vultr).start().await.unwrap();
    let caller = Caller::new(&running, Cloud::Vultr, "token");
    catalog(&caller).await;
    let instance = instances(&caller).await;
    blocks(&caller, &instance).await;
    snapshots(&caller, &instance).await;
    keys_and_scripts(&caller).await;
    domains(&caller).await;
    end(&caller, &running, &instance).await;
    let problems = Spec::load("vultr-v2.openapi.json", "/v2").problems(&running.traffic(Cloud::Vultr), TOLERATED);
    assert_eq!(problems, Vec::<String>::new());
    running.shutdown().await;
}

async fn catalog(caller: &Caller) {
    for path in ["account", "regions", "regions/ewr/availability?type=vc2", "plans", "plans?type=vhf", "os"] {
        caller.get(&format!("/v2/{path}")).await;
    }
    for path in ["applications", "firewalls", "vpcs", "instances", "os?per_page=2"] {
        caller.get(&format!("/v2/{path}")).await;
    }
}

async fn instances(caller: &Caller) -> String {
    let order = json!({
        "region": "ewr", "plan": "vc2-1c-1gb", "os_id": 2284, "label": "web-1", "hostname": "web-1", "tags": ["a:b"],
        "user_data": "I2Nsb3VkLWNvbmZpZwo=", "enable_ipv6": true, "backups": "disabled", "activation_email": false,
    });
    let made = caller.call("POST", "/v2/instances", order, 202).await;
    let id = made["instance"]["id"].as_str().unwrap().to_owned();
    let instance = format!("/v2/instances/{id}");
    assert_eq!(caller.get(&instance).await["instance"]["main_ip"], "0.0.0.0");
    caller.call("DELETE", &instance, Value::Null, 500).await;
    caller.call("PATCH", &instance, json!({"label": "soon"}), 500).await;
    caller.advance(120).await;
    for query in ["", "?tag=a:b", "?label=web-1", "?region=ewr", "?per_page=1"] {
        assert_eq!(caller.get(&format!("/v2/instances{query}")).await["meta"]["total"], 1);
    }
    for part in ["user-data", "upgrades", "ipv4", "vpcs"] {
        caller.get(&format!("{instance}/{part}")).await;
    }
    caller.call("PATCH", &instance, json!({"label": "web-2", "tags": ["c"], "plan": "vc2-1c-2gb"}), 202).await;
    caller.advance(120).await;
    caller.call("PATCH", &instance, json!({"plan": "vc2-1c-2gb"}), 400).await;
    for deed in ["halt", "start", "reboot"] {
        caller.call("POST", &format!("{instance}/{deed}"), Value::Null, 204).await;
        caller.call("POST", &format!("/v2/instances/{deed}"), json!({"instance_ids": [id]}), 204).await;
        caller.advance(60).await;
        caller.get(&instance).await;
    }
    caller.call("POST", &format!("{instance}/reinstall"), json!({"hostname": "web-3"}), 202).await;
    caller.advance(120).await;
    caller.call("POST", "/v2/instances", json!({"region": "ewr", "plan": "vc2-1c-1gb"}), 400).await;
    caller.call("GET", "/v2/instances/none", Value::Null, 404).await;
    id
}

async fn blocks(caller: &Caller, instance: &str) {
    let order = json!({"region": "ewr", "size_gb": 15, "label": "data", "block_type": "high_perf"});
    let made = caller.call("POST", "/v2/blocks", order, 202).await;
    let block = format!("/v2/blocks/{}", made["block"]["id"].as_str().unwrap());
    let (attach, detach) = (format!("{block}/attach"), format!("{block}/detach"));
    let to = json!({"instance_id": instance, "live": true});
    caller.call("POST", &attach, to.clone(), 400).await;
    caller.advance(60).await;
    caller.call("POST", &attach, to.clone(), 204).await;
    caller.call("POST", &attach, to, 400).await;
    caller.call("DELETE", &block, Value::Null, 400).await;
    caller.call("PATCH", &block, json!({"size_gb": 20, "label": "more"}), 204).await;
    caller.call("PATCH", &block, json!({"size_gb": 10}), 400).await;
    assert_eq!(caller.get(&block).await["block"]["attached_to_instance"], instance);
    caller.get("/v2/blocks").await;
    caller.call("POST", &detach, json!({"live": true}), 204).await;
    caller.call("POST", &detach, json!({"live": true}), 400).await;
    caller.call("DELETE", &block, Value::Null, 204).await;
    caller.call("GET", &block, Value::Null, 400).await;
}

async fn snapshots(caller: &Caller, instance: &str) {
    let order = json!({"instance_id": instance, "description": "copy"});
    let made = caller.call("POST", "/v2/snapshots", order, 201).await;
    let id = made["snapshot"]["id"].as_str().unwrap();
    let snapshot = format!("/v2/snapshots/{id}");
    caller.advance(120).await;
    caller.get(&snapshot).await;
    caller.get("/v2/snapshots").await;
    caller.call("PUT", &snapshot, json!({"description": "copy 2"}), 204).await;
    caller.call("POST", &format!("/v2/instances/{instance}/restore"), json!({"snapshot_id": id}), 202).await;
    caller.advance(120).await;
    caller.call("DELETE", &snapshot, Value::Null, 204).await;
    caller.call("GET", &snapshot, Value::Null, 404).await;
    let other = json!({"url": "https://example.com/disk.raw"});
    caller.call("POST", "/v2/snapshots/create-from-url", other, 202).await;
}

async fn keys_and_scripts(caller: &Caller) {
    let key = json!({"name": "mine", "ssh_key": KEY});
    caller.call("POST", "/v2/ssh-keys", key.clone(), 201).await;
    let made = caller.call("POST", "/v2/ssh-keys", key, 201).await;
    let key = format!("/v2/ssh-keys/{}", made["ssh_key"]["id"].as_str().unwrap());
    assert_eq!(caller.get("/v2/ssh-keys").await["meta"]["total"], 2);
    caller.call("PATCH", &key, json!({"name": "ours"}), 204).await;
    caller.get(&key).await;
    caller.call("DELETE", &key, Value::Null, 204).await;
    caller.call("GET", &key, Value::Null, 404).await;
    let script = json!({"name": "hello", "type": "boot", "script": "ZWNobyBoZWxsbwo="});
    let made = caller.call("POST", "/v2/startup-scripts", script, 201).await;
    let script = format!("/v2/startup-scripts/{}", made["startup_script"]["id"].as_str().unwrap());
    caller.get("/v2/startup-scripts").await;
    caller.call("PATCH", &script, json!({"name": "hi", "script": "ZWNobyBoaQo="}), 204).await;
    caller.get(&script).await;
    caller.call("DELETE", &script, Value::Null, 204).await;
}

async fn domains(caller: &Caller) {
    caller.call("POST", "/v2/domains", json!({"domain": "example.com", "ip": "192.0.2.1"}), 200).await;
    let domain = "/v2/domains/example.com";
    for path in ["/v2/domains", domain, "/v2/domains/example.com/soa", "/v2/domains/example.com/records"] {
        caller.get(path).await;
    }
    caller.call("PUT", domain, json!({"dns_sec": "enabled"}), 204).await;
    let records = format!("{domain}/records");
    let mail = json!({"name": "", "type": "MX", "data": "mail.example.com", "priority": 0, "ttl": 300});
    let made = caller.call("POST", &records, mail, 201).await;
    caller.call("POST", &records, json!({"name": "", "type": "MX", "data": "mail.example.com"}), 400).await;
    let record = format!("{records}/{}", made["record"]["id"].as_str().unwrap());
    caller.get(&record).await;
    caller.call("PATCH", &record, json!({"ttl": 600}), 204).await;
    caller.call("DELETE", &record, Value::Null, 204).await;
    caller.call("DELETE", &record, Value::Null, 404).await;
    caller.call("DELETE", domain, Value::Null, 204).await;
}

async fn end(caller: &Caller, running: &Running, instance: &str) {
    caller.call("DELETE", &format!("/v2/instances/{instance}"), Value::Null, 204).await;
    caller.call("GET", &format!("/v2/instances/{instance}"), Value::Null, 404).await;
    for (token, status) in [(None, 401), (Some("bad"), 401), (Some("elsewhere"), 401), (Some("forbidden"), 403)] {
        let other = Caller { address: running.address(Cloud::Vultr).unwrap(), token: token.map(str::to_owned) };
        other.call("GET", "/v2/instances", Value::Null, status).await;
    }
}
