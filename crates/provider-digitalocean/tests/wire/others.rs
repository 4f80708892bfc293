//! Keys, snapshots, records, projects.

use machine_core::{
    CloudProvider as _, Effect, ErrorKind, MachineId, RecordSpec, ResourceKind, SnapshotSpec, SshKeySpec,
};
use serde_json::json;

use crate::cloud::{Reply, refusal};
use crate::support::{action, client, create, droplet, intent, on_offer, spec};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const FINGERPRINT: &str = "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba";

#[tokio::test]
async fn a_key_that_is_there_is_named() {
    let cloud = on_offer();
    let key = json!({"id": 512_190, "name": "laptop", "public_key": KEY, "fingerprint": FINGERPRINT});
    cloud.has("GET /v2/account/keys", json!({"ssh_keys": [key], "links": {}, "meta": {"total": 1}}));
    cloud.has(&format!("GET /v2/account/keys/{FINGERPRINT}"), json!({ "ssh_key": key }));
    let used = refusal(422, "unprocessable_entity", "SSH Key is already in use on your account");
    cloud.on("POST /v2/account/keys", [used]);
    let provider = client(&cloud);
    let keys = provider.ssh_keys().unwrap();
    let wish = intent(ResourceKind::SshKey).await;
    let asked = SshKeySpec { name: "desk".to_owned(), public_key: KEY.to_owned() };
    let error = keys.create(&wish, &asked).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::AlreadyExists, Effect::None));
    assert_eq!(error.hint(), Some("it is registered as `laptop` (id 512190)"));
    for _ in 0..3 {
        assert_eq!(keys.list().await.unwrap().len(), 1);
    }
    assert_eq!(cloud.asked("GET /v2/account/keys").len(), 1, "the list holds for a minute");
    let mut wish = spec();
    wish.ssh_keys = vec!["lptop".to_owned()];
    let error = create(&provider, &wish).await.1.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::NotFound, Some("did you mean laptop?")));
}

#[tokio::test]
async fn a_snapshot_is_found_by_its_name() {
    let cloud = on_offer();
    let wish = intent(ResourceKind::Snapshot).await;
    let name = format!("before (machine:owner:o-1 machine:intent:{})", wish.intent().id);
    cloud.on("POST /v2/droplets/7/actions", [action(201, 40, "in-progress")]);
    cloud.on("GET /v2/droplets/7/actions/40", [action(200, 40, "completed")]);
    let taken = json!({"snapshots": [{"id": 1, "name": "other"}, {"id": 2, "name": name, "size_gigabytes": 1.2}]});
    cloud.on("GET /v2/droplets/7/snapshots", [Reply::Json(200, json!({"snapshots": []})), Reply::Json(200, taken)]);
    let spec = SnapshotSpec { name: "before".to_owned(), machine: MachineId::new("7") };
    let snapshot = client(&cloud).snapshots().unwrap().create(&wish, &spec).await.unwrap();
    assert_eq!((snapshot.id.as_str(), snapshot.name.as_str()), ("2", "before"));
    assert_eq!(snapshot.markers, Some(wish.intent().markers()));
    assert_eq!(cloud.asked("POST /v2/droplets/7/actions")[0].body, json!({"type": "snapshot", "name": name}));
}

#[tokio::test]
async fn a_record_that_was_not_answered_is_unknown() {
    let cloud = on_offer();
    cloud.on("POST /v2/domains/example.com/records", [Reply::Lost]);
    let wish = intent(ResourceKind::DnsRecord).await;
    let spec = RecordSpec {
        domain: "example.com.".to_owned(),
        name: "www".to_owned(),
        kind: "CNAME".to_owned(),
        value: "example.com".to_owned(),
        ttl_seconds: None,
        priority: None,
    };
    let provider = client(&cloud);
    let error = provider.dns().unwrap().create(&wish, &spec).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    let asked = cloud.asked("POST /v2/domains/example.com/records");
    assert_eq!(
        asked.iter().map(|asked| &asked.body).collect::<Vec<_>>(),
        [&json!({"type": "CNAME", "name": "www", "data": "example.com."})]
    );
    let records = provider.dns().unwrap().records("no-such-domain.example").await;
    assert_eq!(records.unwrap_err().to_string(), "no domain is called `no-such-domain.example`");
}

#[tokio::test]
async fn an_assignment_that_fails_in_a_good_answer_fails() {
    let cloud = on_offer();
    let id = "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679";
    cloud.has("GET /v2/projects", json!({"projects": [{"id": id, "name": "web"}]}));
    cloud.has("GET /v2/droplets/7", json!({"droplet": droplet(7, "active", &[])}));
    let told = |status: &str| Reply::Json(200, json!({"resources": [{"urn": "do:droplet:7", "status": status}]}));
    cloud.on(&format!("POST /v2/projects/{id}/resources"), [told("ok"), told("not_found"), told("service_down")]);
    let provider = client(&cloud);
    let assign = |project: &'static str| {
        let provider = provider.clone();
        async move { provider.projects().unwrap().assign(project, &MachineId::new("7")).await.map_err(|error| error.kind()) }
    };
    assert_eq!(assign("web").await, Ok(()));
    assert_eq!(assign("web").await, Err(ErrorKind::NotFound));
    assert_eq!(assign("web").await, Err(ErrorKind::Upstream));
    assert_eq!(assign("wbe").await, Err(ErrorKind::NotFound));
}
