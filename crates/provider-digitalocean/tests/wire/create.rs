//! Creating, and what is only just made.

use machine_core::{
    CloudProvider as _, Deadline, Destroyed, Effect, ErrorKind, Goal, MachineState, Money, Price, SizeRequest, Until,
    VolumeId, VolumeMount,
};
use serde_json::json;
use std::time::Duration;

use crate::cloud::{Reply, refusal};
use crate::support::{accepted, action, client, create, on_offer, shown, spec, with_token};

#[tokio::test]
async fn one_request_carries_everything() {
    let cloud = on_offer();
    cloud.on("POST /v2/droplets", [accepted(7)]).on("GET /v2/actions/36", [action(200, 36, "in-progress")]);
    let mut wish = spec();
    wish.labels.insert("team".to_owned(), "blue".to_owned());
    wish.image = Some("debian-12".to_owned());
    wish.ssh_keys = vec!["289794".to_owned(), "3B:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45".to_owned()];
    wish.user_data = Some("#cloud-config\n".into());
    let (markers, machine) = create(&client(&cloud), &wish).await;
    let machine = machine.unwrap();
    assert_eq!((machine.id.as_str(), machine.state), ("7", MachineState::Pending));
    assert_eq!((machine.markers.as_ref(), machine.labels), (Some(&markers), wish.labels));
    assert_eq!(machine.price.unwrap().hourly, Money::from_micros(8_930));
    let asked = cloud.asked("POST /v2/droplets");
    assert_eq!(asked.len(), 1);
    let tags =
        ["team:blue".into(), format!("machine:owner:{}", markers.owner), format!("machine:intent:{}", markers.intent)];
    assert_eq!(
        asked[0].body,
        json!({"name": "web-1", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64",
            "ssh_keys": [289_794, "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45"], "tags": tags, "volumes": [],
            "backups": false, "ipv6": false, "monitoring": false, "user_data": "#cloud-config\n"})
    );
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_not_asked_for_again() {
    let cloud = on_offer();
    cloud.on("POST /v2/droplets", [Reply::Lost, accepted(7)]);
    let (_, machine) = create(&client(&cloud), &spec()).await;
    assert_eq!(machine.unwrap_err().effect(), Effect::Unknown);
    assert_eq!(cloud.asked("POST /v2/droplets").len(), 1);
}

#[tokio::test]
async fn a_region_without_room_is_said_and_the_next_is_another_wish() {
    let cloud = on_offer();
    let full = refusal(422, "unprocessable_entity", "Size is not available in this region.");
    let mut wish = spec();
    wish.regions = vec!["nyc3".to_owned(), "fra1".to_owned()];
    cloud.on("POST /v2/droplets", [full]);
    let error = create(&client(&cloud), &wish).await.1.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::OutOfCapacity, Effect::None));
    assert_eq!((error.request_id(), error.hint()), (Some("r-1"), Some("try another region or another size")));
    assert_eq!(cloud.asked("POST /v2/droplets").len(), 1);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_the_request() {
    let cloud = on_offer();
    let provider = client(&cloud);
    let mut wishes = [spec(), spec(), spec(), spec(), spec()];
    wishes[0].image = Some("debain-12".to_owned());
    wishes[1].size = SizeRequest::Named("s-huge".to_owned());
    wishes[2].max_price = Some(Price { hourly: Money::from_micros(1), monthly_cap: None });
    wishes[3].labels.insert("team".to_owned(), "a.b".to_owned());
    wishes[4].regions = vec!["nowhere".to_owned()];
    let kinds = [ErrorKind::NotFound, ErrorKind::NotFound, ErrorKind::Budget, ErrorKind::Invalid, ErrorKind::NotFound];
    for (wish, kind) in wishes.iter().zip(kinds) {
        let error = create(&provider, wish).await.1.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (kind, Effect::None), "{error}");
    }
    assert_eq!(cloud.changes(), Vec::<String>::new());
    assert_eq!(cloud.asked("GET /v2/sizes").len(), 1, "what is on offer is asked for once");
}

#[tokio::test]
async fn a_price_is_that_of_the_dearest_place_and_asked_for_once() {
    let cloud = on_offer();
    cloud.on("POST /v2/droplets", [accepted(7)]).on("GET /v2/actions/36", [action(200, 36, "in-progress")]);
    let provider = client(&cloud);
    let mut wishes = [spec(), spec(), spec()];
    wishes[1].size = SizeRequest::Need { cpus: None, memory_mib: Some(512) };
    wishes[2].volumes = vec![VolumeMount { volume: VolumeId::new("v-1"), path: "/data".into() }];
    for (wish, micros) in wishes.iter().zip([8_930, 5_950, 8_930]) {
        let price = provider.catalog().price(wish).await.unwrap().unwrap();
        assert_eq!(price.hourly, Money::from_micros(micros), "{wish:?}");
    }
    wishes[0].regions = vec!["nowhere".to_owned()];
    assert_eq!(provider.catalog().price(&wishes[0]).await.unwrap_err().kind(), ErrorKind::NotFound);
    create(&provider, &spec()).await.1.unwrap();
    assert_eq!((cloud.asked("GET /v2/sizes").len(), cloud.asked("GET /v2/regions").len()), (1, 1));
}

#[tokio::test]
async fn what_failed_at_once_is_applied() {
    let cloud = on_offer();
    cloud.on("POST /v2/droplets", [accepted(7)]).on("GET /v2/actions/36", [action(200, 36, "errored")]);
    let provider = client(&cloud);
    assert_eq!(create(&provider, &spec()).await.1.unwrap_err().effect(), Effect::Applied);
    assert_eq!(provider.destroy(&machine_core::MachineId::new("7")).await.unwrap(), Destroyed::AlreadyGone);
}

#[tokio::test]
async fn what_does_not_show_yet_is_not_gone() {
    let cloud = on_offer();
    let none = refusal(404, "not_found", "The resource you requested could not be found.");
    cloud.on("POST /v2/droplets", [accepted(7)]).on("GET /v2/actions/36", [action(200, 36, "in-progress")]);
    let provider = client(&cloud);
    let (markers, machine) = create(&provider, &spec()).await;
    let id = machine.unwrap().id;
    let pending = provider.get(&id).await.unwrap();
    assert_eq!((pending.state, pending.markers), (MachineState::Pending, Some(markers.clone())));
    // Another client has to believe the cloud.
    assert_eq!(client(&cloud).get(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
    // What cannot be seen cannot be destroyed, and is not said to be gone either.
    let error = provider.destroy(&id).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Busy, Effect::None));
    assert_eq!(cloud.asked("DELETE /v2/droplets/7").len(), 0);
    cloud.on("GET /v2/droplets/7", [none.clone(), none.clone(), shown(7, "new"), shown(7, "active")]);
    let until = Until { goal: Goal::Running, deadline: Deadline::after(Duration::from_secs(5)) };
    let running = provider.wait(&id, &until).await.unwrap();
    assert_eq!((running.state, running.markers), (MachineState::Running, Some(markers)), "tags come late");
    // From now on the cloud is to be believed.
    cloud.on("GET /v2/droplets/7", [none]);
    assert_eq!(provider.get(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn what_could_not_be_made_has_failed() {
    let cloud = on_offer();
    let actions = [action(200, 36, "in-progress"), action(200, 36, "in-progress"), action(200, 36, "errored")];
    cloud.on("POST /v2/droplets", [accepted(7)]).on("GET /v2/actions/36", actions);
    let provider = client(&cloud);
    let id = create(&provider, &spec()).await.1.unwrap().id;
    let until = Until { goal: Goal::Running, deadline: Deadline::after(Duration::from_secs(5)) };
    assert_eq!(provider.wait(&id, &until).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(provider.get(&id).await.unwrap().state, MachineState::Failed);
}

#[tokio::test]
async fn a_bad_token_is_told_and_not_shown() {
    let cloud = on_offer();
    let provider = with_token(&cloud, "swordfish");
    let error = provider.account().await.unwrap_err();
    assert_eq!((error.kind(), error.request_id()), (ErrorKind::Unauthenticated, Some("r-1")));
    assert!(error.hint().unwrap().contains("DIGITALOCEAN_ACCESS_TOKEN"));
    assert!(!format!("{error:?}{provider:?}").contains("swordfish"));
}
