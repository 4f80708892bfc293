//! Changing a machine.

use machine_core::{CloudProvider as _, IntentId, MachineChange, MachineId};
use serde_json::{Value, json};

use crate::cloud::{Reply, refusal};
use crate::support::{action, client, droplet, on_offer};

#[tokio::test]
async fn a_deadline_is_exchanged_and_never_missing() {
    let cloud = on_offer();
    let marks =
        ["machine:owner:o-1".to_owned(), format!("machine:intent:{}", IntentId::mint()), "machine:deadline:100".into()];
    cloud.has("GET /v2/droplets/7", json!({"droplet": droplet(7, "active", &marks)}));
    let done = || [Reply::Json(204, Value::Null)];
    let known = refusal(422, "unprocessable_entity", "tag already exists");
    let (new, old) = ("/v2/tags/machine:deadline:200/resources", "/v2/tags/machine:deadline:100/resources");
    cloud.on("POST /v2/tags", [known]).on(&format!("POST {new}"), done()).on(&format!("DELETE {old}"), done());
    let deadline = jiff::Timestamp::from_second(200).ok();
    let change = MachineChange { deadline: Some(deadline), ..MachineChange::default() };
    client(&cloud).update(&MachineId::new("7"), &change).await.unwrap();
    assert_eq!(cloud.changes(), ["POST /v2/tags".to_owned(), format!("POST {new}"), format!("DELETE {old}")]);
    let tagged = json!({"resources": [{"resource_id": "7", "resource_type": "droplet"}]});
    assert_eq!(cloud.asked(&format!("POST {new}"))[0].body, tagged);
    assert_eq!(cloud.asked(&format!("DELETE {old}"))[0].body, tagged);
}

#[tokio::test]
async fn another_name_is_an_action() {
    let cloud = on_offer();
    cloud.has("GET /v2/droplets/7", json!({"droplet": droplet(7, "active", &[])}));
    cloud.on("POST /v2/droplets/7/actions", [action(201, 40, "completed")]);
    let name = Some("web-2".parse().unwrap());
    let change = MachineChange { name, ..MachineChange::default() };
    client(&cloud).update(&MachineId::new("7"), &change).await.unwrap();
    let asked = cloud.asked("POST /v2/droplets/7/actions");
    assert_eq!(asked[0].body, json!({"type": "rename", "name": "web-2"}));
    // A change of nothing asks for nothing.
    client(&cloud).update(&MachineId::new("7"), &MachineChange::default()).await.unwrap();
    assert_eq!(cloud.changes().len(), 1);
}
