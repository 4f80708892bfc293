//! Stopping, starting, rebooting, destroying.

use std::time::{Duration, Instant};

use machine_core::{CloudProvider as _, Destroyed, ErrorKind, MachineId, Power};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Reply, refusal};
use crate::support::{action, client, droplet, on_offer, shown};

const ACTIONS: &str = "POST /v2/droplets/7/actions";
const GRACE: Duration = Duration::from_millis(150);

fn id() -> MachineId {
    MachineId::new("7")
}

/// The kinds of the actions that were begun.
fn begun(cloud: &Cloud) -> Vec<Value> {
    cloud.asked(ACTIONS).into_iter().map(|asked| asked.body["type"].clone()).collect()
}

#[tokio::test]
async fn a_stop_asks_first_and_takes_the_power_away_after_its_grace() {
    let cloud = on_offer();
    cloud.on("GET /v2/droplets/7", [shown(7, "active")]);
    cloud.on(ACTIONS, [action(201, 40, "in-progress"), action(201, 41, "in-progress")]);
    cloud.on("GET /v2/droplets/7/actions/41", [action(200, 41, "in-progress"), action(200, 41, "completed")]);
    let began = Instant::now();
    client(&cloud).power(&id(), Power::Stop { grace: GRACE }).await.unwrap();
    assert!(began.elapsed() >= GRACE);
    assert_eq!(begun(&cloud), ["shutdown", "power_off"]);
}

#[tokio::test]
async fn what_ends_when_it_is_asked_keeps_its_power() {
    let cloud = on_offer();
    cloud.on("GET /v2/droplets/7", [shown(7, "active"), shown(7, "active"), shown(7, "off")]);
    cloud.on(ACTIONS, [action(201, 40, "in-progress")]);
    client(&cloud).power(&id(), Power::Stop { grace: Duration::from_secs(5) }).await.unwrap();
    assert_eq!(begun(&cloud), ["shutdown"]);
}

#[tokio::test]
async fn what_is_so_already_is_left_alone() {
    let cloud = on_offer();
    let provider = client(&cloud);
    cloud.on("GET /v2/droplets/7", [shown(7, "active")]);
    provider.power(&id(), Power::Start).await.unwrap();
    cloud.on("GET /v2/droplets/7", [shown(7, "off")]);
    provider.power(&id(), Power::Stop { grace: GRACE }).await.unwrap();
    assert_eq!(cloud.changes(), Vec::<String>::new());
    assert_eq!(provider.power(&id(), Power::Suspend).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_pending_event_is_waited_for_and_not_for_ever() {
    let cloud = on_offer();
    let pending = refusal(422, "unprocessable_entity", "Droplet already has a pending event.");
    cloud.on("GET /v2/droplets/7", [shown(7, "off")]);
    cloud.on(ACTIONS, [pending.clone(), pending.clone(), action(201, 40, "completed")]);
    client(&cloud).power(&id(), Power::Start).await.unwrap();
    assert_eq!(begun(&cloud), ["power_on"; 3]);
    cloud.on(ACTIONS, [pending]);
    let error = client(&cloud).power(&id(), Power::Start).await.unwrap_err();
    assert_eq!((error.kind(), error.hint().is_some()), (ErrorKind::Busy, true));
}

#[tokio::test]
async fn a_reboot_that_does_not_come_about_takes_the_power_away() {
    let cloud = on_offer();
    cloud.on("GET /v2/droplets/7", [shown(7, "active")]);
    cloud.on(ACTIONS, [action(201, 40, "in-progress"), action(201, 41, "completed")]);
    cloud.on("GET /v2/droplets/7/actions/40", [action(200, 40, "in-progress")]);
    client(&cloud).power(&id(), Power::Reboot { grace: GRACE }).await.unwrap();
    assert_eq!(begun(&cloud), ["reboot", "power_cycle"]);
}

#[tokio::test]
async fn what_is_locked_is_destroyed_once_it_is_not() {
    let cloud = on_offer();
    let mut locked = droplet(7, "active", &[]);
    locked["locked"] = json!(true);
    let locked = Reply::Json(200, json!({ "droplet": locked }));
    cloud.on("GET /v2/droplets/7", [locked.clone(), locked.clone(), shown(7, "active")]);
    cloud.on("DELETE /v2/droplets/7", [Reply::Json(204, Value::Null)]);
    assert_eq!(client(&cloud).destroy(&id()).await.unwrap(), Destroyed::Accepted);
    assert_eq!(cloud.asked("GET /v2/droplets/7").len(), 3);
    // One that stays locked is tried all the same, and the cloud says why not.
    let refused = refusal(422, "unprocessable_entity", "Droplet already has a pending event.");
    cloud.on("GET /v2/droplets/7", [locked]).on("DELETE /v2/droplets/7", [refused]);
    assert_eq!(client(&cloud).destroy(&id()).await.unwrap_err().kind(), ErrorKind::Busy);
}

#[tokio::test]
async fn what_is_not_there_is_gone_already() {
    let cloud = on_offer();
    for id in ["7", "no-such-machine"] {
        assert_eq!(client(&cloud).destroy(&MachineId::new(id)).await.unwrap(), Destroyed::AlreadyGone);
    }
    assert_eq!(cloud.changes(), Vec::<String>::new());
    assert_eq!(client(&cloud).power(&id(), Power::Start).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn volumes_come_off_before_their_machine_goes() {
    let cloud = on_offer();
    let mut held = droplet(7, "off", &[]);
    held["volume_ids"] = json!(["506f78a4-e098-11e5-ad9f-000f53306ae1"]);
    cloud.has("GET /v2/droplets/7", json!({ "droplet": held }));
    let detach = "POST /v2/volumes/506f78a4-e098-11e5-ad9f-000f53306ae1/actions";
    cloud.on(detach, [action(202, 50, "completed")]).on("DELETE /v2/droplets/7", [Reply::Json(204, Value::Null)]);
    assert_eq!(client(&cloud).destroy(&id()).await.unwrap(), Destroyed::Accepted);
    assert_eq!(cloud.changes(), [detach, "DELETE /v2/droplets/7"]);
    assert_eq!(cloud.asked(detach)[0].body, json!({"type": "detach", "region": "nyc3", "droplet_id": 7}));
}
