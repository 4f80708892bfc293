//! What goes over the wire, against a stand-in for the API that replies as it is told.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod cloud;

use std::time::Duration;

use cloud::{Cloud, Reply, done, refuses};
use machine_core::{
    CloudProvider as _, Deadline, Destroyed, Effect, ErrorKind, Goal, IntentDraft, IntentId, Lifetime, MachineChange,
    MachineId, MachineSpec, MachineState, OwnerId, Power, ProviderExt as _, RecordedIntent, Result, Scope, Secret,
    Selector, SizeRequest, Until, VolatileIntents, VolumeId, VolumeMount,
};
use machine_vultr::{Pauses, VultrConfig, VultrProvider};
use serde_json::{Value, json};

fn open(cloud: &Cloud) -> VultrProvider {
    let short = Duration::from_millis(20);
    let pauses = Pauses { look: short, locked: short, lock: short * 10, install: short * 10, settle: short * 10 };
    let key = Secret::new("hunter2");
    VultrProvider::open(VultrConfig { api_url: cloud.url(), rate_limit: false, pauses, ..VultrConfig::new(key) })
        .unwrap()
}

fn spec() -> MachineSpec {
    MachineSpec::new("web-1".parse().unwrap())
}

async fn wish() -> RecordedIntent {
    let store = VolatileIntents::new(OwnerId::new("me"));
    let draft = IntentDraft {
        deadline: jiff::Timestamp::from_second(2_000_000_000).ok(),
        ..IntentDraft::machine(&spec(), "vultr", Lifetime::Client)
    };
    RecordedIntent::record(&store, draft).await.unwrap()
}

fn instance(id: &str, states: [&str; 3], tags: &Value) -> Value {
    json!({
        "id": id, "label": "web-1", "hostname": "web-1", "region": "ewr", "plan": "vc2-1c-1gb", "os": "Debian 12 x64",
        "main_ip": if states[0] == "pending" { "0.0.0.0" } else { "203.0.113.9" }, "default_password": "hunter3",
        "status": states[0], "power_status": states[1], "server_status": states[2], "tags": tags, "os_id": 2136
    })
}

const PENDING: [&str; 3] = ["pending", "stopped", "none"];
const RUNNING: [&str; 3] = ["active", "running", "ok"];
const STOPPED: [&str; 3] = ["active", "stopped", "ok"];

fn shown(states: [&str; 3]) -> Reply {
    Reply::Says(200, json!({"instance": instance("i-1", states, &json!(["team:blue", "extra"]))}))
}

fn made() -> Reply {
    Reply::Says(202, json!({"instance": instance("i-1", PENDING, &json!([]))}))
}

#[tokio::test]
async fn create_sends_one_request_with_everything_in_it() {
    let cloud = Cloud::with(&[("POST /v2/instances", &[made()])]);
    let (wish, mut spec) = (wish().await, spec());
    spec.user_data = Some("#cloud-config\n# ż\n".into());
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    let machine = open(&cloud).create(&wish, &spec).await.unwrap();
    assert_eq!((machine.state, machine.markers), (MachineState::Pending, Some(wish.intent().markers())));
    assert!(machine.addresses.public.is_empty());
    assert_eq!(machine.price.unwrap().hourly.micros(), 7_441);
    let asked = cloud.asked("POST /v2/instances");
    assert_eq!(asked.len(), 1);
    let tags = [
        "team:blue",
        "machine:owner:me",
        &format!("machine:intent:{}", wish.intent().id),
        "machine:deadline:2000000000",
    ];
    assert_eq!(
        asked[0].body,
        json!({
            "region": "ewr", "plan": "vc2-1c-1gb", "os_id": 2136, "label": "web-1", "hostname": "web-1", "tags": tags,
            "user_data": "I2Nsb3VkLWNvbmZpZwojIMW8Cg==", "enable_ipv6": true, "backups": "disabled",
            "activation_email": false
        })
    );
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_request_is_not_repeated() {
    let garbled = Reply::Says(202, json!({"instances": 1}));
    for reply in [Reply::HangsUp, Reply::Page(502), garbled, refuses(500, "Internal server error")] {
        let cloud = Cloud::with(&[("POST /v2/instances", std::slice::from_ref(&reply))]);
        let error = open(&cloud).create(&wish().await, &spec()).await.unwrap_err();
        assert_eq!((error.effect(), cloud.asked("POST /v2/instances").len()), (Effect::Unknown, 1), "{reply:?}");
    }
}

#[tokio::test]
async fn the_first_region_that_has_room_is_asked_and_no_other() {
    let full = refuses(400, "The plan is not available in the selected region");
    let room = Reply::Says(200, json!({"available_plans": ["vc2-1c-1gb"]}));
    let none = Reply::Says(200, json!({"available_plans": []}));
    let routes: &[(&str, &[Reply])] = &[
        ("GET /v2/regions/ewr/availability", std::slice::from_ref(&none)),
        ("GET /v2/regions/ams/availability", std::slice::from_ref(&room)),
        ("POST /v2/instances", &[full]),
    ];
    let cloud = Cloud::with(routes);
    let wanted = MachineSpec { regions: vec!["ewr".to_owned(), "ams".to_owned()], ..spec() };
    let error = open(&cloud).create(&wish().await, &wanted).await.unwrap_err();
    let regions: Vec<_> = cloud.asked("POST /v2/instances").iter().map(|asked| asked.body["region"].clone()).collect();
    assert_eq!(regions, ["ams"]);
    assert_eq!((error.kind(), error.effect()), (ErrorKind::OutOfCapacity, Effect::None));
}

#[tokio::test]
async fn what_is_not_there_is_refused_before_anything_is_sent() {
    let cloud = Cloud::with(&[("GET /v2/ssh-keys", &[Reply::Says(200, json!({"ssh_keys": []}))])]);
    let provider = open(&cloud);
    let wanted = [
        MachineSpec { image: Some("debain-12".to_owned()), ..spec() },
        MachineSpec { size: SizeRequest::Named("vc2".to_owned()), ..spec() },
        MachineSpec { regions: vec!["erw".to_owned()], ..spec() },
        MachineSpec { ssh_keys: vec!["me".to_owned()], ..spec() },
        MachineSpec { volumes: vec![mount("b-0")], ..spec() },
    ];
    for spec in wanted {
        let error = provider.create(&wish().await, &spec).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::None), "{error}");
    }
    assert!(cloud.asked("POST /v2/instances").is_empty());
}

fn page(ids: &[&str], next: &str) -> Reply {
    let tags = json!(["machine:owner:me"]);
    let instances: Vec<Value> = ids.iter().map(|id| instance(id, RUNNING, &tags)).collect();
    Reply::Says(200, json!({"instances": instances, "meta": {"total": 3, "links": {"next": next, "prev": ""}}}))
}

#[tokio::test]
async fn a_list_goes_by_its_cursor_to_the_end_or_is_none() {
    let cloud = Cloud::with(&[("GET /v2/instances", &[page(&["a", "b"], "bmV4dA=="), page(&["b", "c"], "")])]);
    let (machines, _, _) = open(&cloud).list_all(Selector::all()).await.unwrap();
    assert_eq!(machines.iter().map(|machine| machine.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let queries: Vec<_> = cloud.asked("GET /v2/instances").into_iter().map(|asked| asked.query).collect();
    assert_eq!(queries, ["per_page=500", "per_page=500&cursor=bmV4dA%3D%3D"]);

    let cloud = Cloud::with(&[("GET /v2/instances", &[page(&["a"], "x"), refuses(403, "Forbidden")])]);
    let error = open(&cloud).list_all(Selector::all()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Forbidden, Effect::None));
}

#[tokio::test]
async fn what_the_cloud_filters_is_looked_at_again() {
    let cloud = Cloud::with(&[("GET /v2/instances", &[page(&["a"], "")])]);
    let found = open(&cloud).find(IntentId::mint()).await.unwrap();
    assert!(found.machines.is_empty());
    assert!(cloud.asked("GET /v2/instances")[0].query.starts_with("per_page=500&tag=machine%3Aintent%3A"));
    let mut which = Selector::all();
    which.scope = Scope::Owner(OwnerId::new("me"));
    assert!(open(&cloud).list_all(which).await.unwrap().0.is_empty(), "half a mark is none");
    assert!(cloud.asked("GET /v2/instances")[1].query.ends_with("tag=machine%3Aowner%3Ame"));
}

async fn destroyed(replies: &[Reply]) -> (Result<Destroyed>, usize) {
    let cloud = Cloud::with(&[("DELETE /v2/instances/i-1", replies)]);
    let outcome = open(&cloud).destroy(&MachineId::new("i-1")).await;
    (outcome, cloud.asked("DELETE /v2/instances/i-1").len())
}

#[tokio::test]
async fn a_lock_is_waited_for_and_not_for_ever() {
    let locked = refuses(500, "Unable to destroy server: Unable to remove VM: Server is currently locked");
    let (outcome, asked) = destroyed(&[locked.clone(), locked.clone(), done()]).await;
    assert_eq!((outcome.unwrap(), asked), (Destroyed::Accepted, 3));
    let error = destroyed(&[locked]).await.0.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Busy, Effect::None));
    assert_eq!(error.request_id(), Some("r-1"));
}

#[tokio::test]
async fn gone_is_what_the_cloud_itself_says_is_gone() {
    let leaving = refuses(500, "Server is already pending destruction");
    assert_eq!(destroyed(&[leaving]).await.0.unwrap(), Destroyed::Accepted);
    for gone in [refuses(404, "Invalid instance-id."), refuses(400, "instance not found")] {
        assert_eq!(destroyed(&[gone]).await.0.unwrap(), Destroyed::AlreadyGone);
    }
    let error = destroyed(&[Reply::Page(404)]).await.0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn waiting_goes_on_until_it_can_be_worked_with() {
    let locked = ["active", "running", "locked"];
    let booting = ["active", "running", "installingbooting"];
    let stopped = ["active", "stopped", "installingbooting"];
    let states = [shown(PENDING), shown(stopped), shown(locked), shown(booting)];
    let cloud = Cloud::with(&[("GET /v2/instances/i-1", &states)]);
    let until = Until { goal: Goal::Running, deadline: Deadline::after(Duration::from_secs(10)) };
    let machine = open(&cloud).wait(&MachineId::new("i-1"), &until).await.unwrap();
    assert!(machine.price.is_some());
    assert!(!format!("{machine:?}").contains("hunter"));
    assert_eq!((machine.state, machine.raw_state.as_str()), (MachineState::Running, "installingbooting"));
}

#[tokio::test]
async fn power_is_left_alone_where_it_is_so_and_seen_to_change_where_it_is_not() {
    let id = MachineId::new("i-1");
    let stop = Power::Stop { grace: Duration::ZERO };
    let cloud = Cloud::with(&[("GET /v2/instances/i-1", &[shown(STOPPED)])]);
    open(&cloud).power(&id, stop).await.unwrap();
    assert!(cloud.asked("POST /v2/instances/i-1/halt").is_empty());

    let states = [shown(RUNNING), shown(RUNNING), shown(STOPPED)];
    let locked = refuses(500, "Server is currently locked");
    let routes: &[(&str, &[Reply])] =
        &[("GET /v2/instances/i-1", &states), ("POST /v2/instances/i-1/halt", &[locked, done()])];
    let cloud = Cloud::with(routes);
    open(&cloud).power(&id, stop).await.unwrap();
    assert_eq!(cloud.asked("POST /v2/instances/i-1/halt").len(), 2);
    assert_eq!(cloud.asked("GET /v2/instances/i-1").len(), 3);
}

#[tokio::test]
async fn a_change_sends_all_tags_in_one_request() {
    let routes: &[(&str, &[Reply])] = &[
        ("GET /v2/instances/i-1", &[shown(RUNNING)]),
        ("PATCH /v2/instances/i-1", &[refuses(400, "Nothing to change")]),
    ];
    let cloud = Cloud::with(routes);
    let labels = [("stage".to_owned(), Some("one".to_owned())), ("gone".to_owned(), None)];
    let name = "web-2".parse().ok();
    let change = MachineChange { name, labels: labels.into_iter().collect(), ..MachineChange::default() };
    open(&cloud).update(&MachineId::new("i-1"), &change).await.unwrap();
    let asked = cloud.asked("PATCH /v2/instances/i-1");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].body, json!({"label": "web-2", "tags": ["extra", "stage:one", "team:blue"]}));
}

fn mount(id: &str) -> VolumeMount {
    VolumeMount { volume: VolumeId::new(id), path: "/srv".to_owned() }
}

fn block(status: &str, holder: Option<&str>) -> Reply {
    Reply::Says(
        200,
        json!({"block": {
            "id": "b-1", "label": "data", "status": status, "region": "ewr", "size_gb": 10, "attached_to_instance": holder
        }}),
    )
}

#[tokio::test]
async fn a_block_is_attached_live_once_it_is_there() {
    let blocks = [block("pending", None), block("active", None), block("active", Some("i-1"))];
    let routes: &[(&str, &[Reply])] = &[
        ("GET /v2/instances/i-1", &[shown(RUNNING)]),
        ("GET /v2/blocks/b-1", &blocks),
        ("PATCH /v2/blocks/b-1", &[done()]),
        ("POST /v2/blocks/b-1/attach", &[refuses(500, "Server is currently locked"), done()]),
    ];
    let cloud = Cloud::with(routes);
    let provider = open(&cloud);
    let volumes = provider.volumes().unwrap();
    volumes.attach(&MachineId::new("i-1"), &mount("b-1")).await.unwrap();
    let asked = cloud.asked("POST /v2/blocks/b-1/attach");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].body, json!({"instance_id": "i-1", "live": true}));
    assert_eq!(cloud.asked("PATCH /v2/blocks/b-1")[0].body, json!({"label": "data [machine at=i-1 path=/srv]"}));
    let error = volumes.attach(&MachineId::new("i-2"), &mount("b-1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn a_key_that_is_not_accepted_from_here_says_what_to_do() {
    let cloud = Cloud::with(&[("GET /v2/account", &[refuses(401, "Unauthorized IP address: 203.0.113.9")])]);
    let error = open(&cloud).account().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("203.0.113.9") && error.hint().unwrap().contains("Access Control"));
    assert!(!format!("{error:?}").contains("hunter2"));
}
