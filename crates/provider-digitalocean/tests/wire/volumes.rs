//! Volumes.

use machine_core::{
    CloudProvider as _, Destroyed, ErrorKind, MachineId, ResourceKind, VolumeId, VolumeMount, VolumeSpec,
};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Reply, refusal};
use crate::support::{action, client, droplet, intent, on_offer};

const ID: &str = "506f78a4-e098-11e5-ad9f-000f53306ae1";

fn volume(held_by: &[u64]) -> Value {
    json!({"volume": {"id": ID, "name": "data", "size_gigabytes": 10, "region": {"slug": "nyc3"}, "droplet_ids": held_by}})
}

fn path(rest: &str) -> String {
    format!("/v2/volumes/{ID}{rest}")
}

fn with_volume(held_by: &[u64]) -> Cloud {
    let cloud = on_offer();
    cloud.has(&format!("GET {}", path("")), volume(held_by));
    cloud.has("GET /v2/droplets/7", json!({"droplet": droplet(7, "active", &[])}));
    cloud
}

#[tokio::test]
async fn creating_one_marks_it() {
    let cloud = on_offer();
    cloud.on("POST /v2/volumes", [Reply::Json(201, volume(&[]))]);
    let wish = intent(ResourceKind::Volume).await;
    let spec = VolumeSpec { name: "data".parse().unwrap(), size_gib: 10, region: None };
    let provider = client(&cloud);
    let made = provider.volumes().unwrap().create(&wish, &spec).await.unwrap();
    assert_eq!(made.markers, Some(wish.intent().markers()));
    let asked = &cloud.asked("POST /v2/volumes")[0].body;
    let tags = ["machine:owner:o-1".to_owned(), format!("machine:intent:{}", wish.intent().id)];
    assert_eq!(
        *asked,
        json!({"name": "data", "size_gigabytes": 10, "region": "nyc3", "filesystem_type": "ext4", "tags": tags})
    );
}

#[tokio::test]
async fn attaching_waits_for_its_turn_and_remembers_the_path() {
    let cloud = with_volume(&[]);
    let pending = refusal(422, "unprocessable_entity", "Droplet already has a pending event.");
    let actions = format!("POST {}", path("/actions"));
    cloud.on(&actions, [pending, action(202, 50, "in-progress")]);
    cloud.on(&format!("GET {}", path("/actions/50")), [action(200, 50, "completed")]);
    let tag = format!("POST /v2/tags/machine:volume:{ID}::mnt:data/resources");
    cloud.on("POST /v2/tags", [Reply::Json(201, json!({}))]).on(&tag, [Reply::Json(204, Value::Null)]);
    let mount = VolumeMount { volume: VolumeId::new(ID), path: "/mnt/data".to_owned() };
    client(&cloud).volumes().unwrap().attach(&MachineId::new("7"), &mount).await.unwrap();
    assert_eq!(cloud.asked(&actions)[1].body, json!({"type": "attach", "region": "nyc3", "droplet_id": 7}));
    assert_eq!(cloud.asked(&tag).len(), 1);
}

#[tokio::test]
async fn what_another_has_is_a_conflict() {
    let cloud = with_volume(&[8]);
    let mount = VolumeMount { volume: VolumeId::new(ID), path: "/mnt/data".to_owned() };
    let provider = client(&cloud);
    let volumes = provider.volumes().unwrap();
    assert_eq!(volumes.attach(&MachineId::new("7"), &mount).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(volumes.resize(&VolumeId::new(ID), 9).await.unwrap_err().kind(), ErrorKind::Invalid);
    cloud.on(&format!("DELETE {}", path("")), [refusal(409, "conflict", "attached volume cannot be deleted")]);
    assert_eq!(volumes.destroy(&VolumeId::new(ID)).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(cloud.asked(&format!("DELETE {}", path(""))).len(), 1);
    assert_eq!(volumes.destroy(&VolumeId::new("no-such-volume")).await.unwrap(), Destroyed::AlreadyGone);
}

#[tokio::test]
async fn what_is_still_coming_off_is_asked_again() {
    let cloud = with_volume(&[]);
    let conflict = refusal(409, "conflict", "attached volume cannot be deleted");
    cloud.on(&format!("DELETE {}", path("")), [conflict.clone(), conflict, Reply::Json(204, Value::Null)]);
    let destroyed = client(&cloud).volumes().unwrap().destroy(&VolumeId::new(ID)).await.unwrap();
    assert_eq!(destroyed, Destroyed::Accepted);
}

#[tokio::test]
async fn detaching_what_is_off_already_is_no_error() {
    let cloud = with_volume(&[7]);
    cloud.on(&format!("POST {}", path("/actions")), [refusal(422, "unprocessable_entity", "Attachment not found")]);
    client(&cloud).volumes().unwrap().detach(&VolumeId::new(ID)).await.unwrap();
}
