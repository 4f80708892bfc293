//! Listing and finding.

use machine_core::{CloudProvider as _, Completeness, ErrorKind, IntentId, OwnerId, ProviderExt as _, Scope, Selector};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Reply, refusal};
use crate::support::{client, droplet, on_offer};

/// Page `page` of 450 droplets.
fn page(cloud: &Cloud, page: u64) -> Reply {
    let last = page == 3;
    let ids = (page - 1) * 200..if last { 450 } else { page * 200 };
    let droplets: Vec<Value> = ids.map(|id| droplet(id + 1, "active", &[])).collect();
    // A link that leads elsewhere: pages are asked for by their number.
    let pages = if last { json!({}) } else { json!({"next": format!("http://elsewhere.test/{}", cloud.url())}) };
    Reply::Json(200, json!({"droplets": droplets, "links": {"pages": pages}, "meta": {"total": 450}}))
}

fn listed(cloud: &Cloud) {
    for number in 1..=3 {
        cloud.on(&format!("GET /v2/droplets?page={number}"), [page(cloud, number)]);
    }
    let gpus = json!({"droplets": [droplet(450, "active", &[]), droplet(451, "frobnicating", &[])], "links": {}, "meta": {"total": 2}});
    cloud.has("GET /v2/droplets?type=gpus", gpus);
}

#[tokio::test]
async fn all_pages_and_those_with_gpus_once_each() {
    let cloud = on_offer();
    listed(&cloud);
    let (machines, completeness, _) = client(&cloud).list_all(Selector::all()).await.unwrap();
    assert_eq!((machines.len(), completeness), (451, Completeness::Complete));
    assert_eq!(machines[450].raw_state, "frobnicating");
    assert_eq!(cloud.asked("GET /v2/droplets").len(), 4, "three pages, and one with GPUs");
}

#[tokio::test]
async fn a_list_of_gpus_is_read_to_its_end() {
    let cloud = on_offer();
    listed(&cloud);
    let half = |ids: [u64; 2], pages: Value| {
        let droplets = ids.map(|id| droplet(id, "active", &[]));
        json!({"droplets": droplets, "links": {"pages": pages}, "meta": {"total": 4}})
    };
    cloud.has("GET /v2/droplets?type=gpus&per_page=200&page=1", half([901, 902], json!({"next": "http://x.test/"})));
    cloud.has("GET /v2/droplets?type=gpus&per_page=200&page=2", half([903, 904], json!({})));
    let (machines, ..) = client(&cloud).list_all(Selector::all()).await.unwrap();
    assert_eq!(machines.len(), 454);
}

/// As servers do that stand for the cloud and know less.
#[tokio::test]
async fn what_takes_no_notice_of_gpus_is_not_listed_twice() {
    let cloud = on_offer();
    for number in 1..=3 {
        cloud.on(&format!("GET /v2/droplets?page={number}"), [page(&cloud, number)]);
    }
    cloud.on("GET /v2/droplets?type=gpus", [page(&cloud, 1)]);
    let (machines, ..) = client(&cloud).list_all(Selector::all()).await.unwrap();
    assert_eq!(machines.len(), 450);
    assert_eq!(cloud.asked("GET /v2/droplets").len(), 4);
}

#[tokio::test]
async fn a_page_that_is_lost_is_no_list() {
    for lost in ["page=1", "page=2", "page=3", "type=gpus"] {
        let cloud = on_offer();
        listed(&cloud);
        let broken = refusal(500, "server_error", "Server Error");
        cloud.on(&format!("GET /v2/droplets?{lost}"), [broken]);
        let error = client(&cloud).list_all(Selector::all()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Upstream, "{lost}");
    }
}

#[tokio::test]
async fn the_cloud_filters_and_is_not_believed() {
    let cloud = on_offer();
    let (wanted, other) = (IntentId::mint(), IntentId::mint());
    let marks = |intent: IntentId| ["machine:owner:o-1".to_owned(), format!("machine:intent:{intent}")];
    let both = json!({"droplets": [droplet(7, "active", &marks(wanted)), droplet(8, "active", &marks(other))]});
    cloud.has(&format!("GET /v2/droplets?tag_name=machine%3Aintent%3A{wanted}"), both.clone());
    let provider = client(&cloud);
    let found = provider.find(wanted).await.unwrap();
    assert_eq!(found.machines.iter().map(|machine| machine.id.as_str()).collect::<Vec<_>>(), ["7"]);
    assert_eq!(found.machines[0].markers.as_ref().unwrap().intent, wanted);
    assert!(found.machines[0].labels.is_empty());
    cloud.has("GET /v2/droplets?tag_name=machine%3Aowner%3Ao-2", both);
    let selector = Selector { scope: Scope::Owner(OwnerId::new("o-2")), ..Selector::all() };
    assert!(provider.list_all(selector).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn an_id_of_another_shape_is_asked_of_nobody() {
    let cloud = Cloud::empty();
    let provider = client(&cloud);
    for id in ["no-such-machine", "0", "../../x", " ", "a\nb"] {
        let id = machine_core::MachineId::new(id);
        assert_eq!(provider.get(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(cloud.asked("GET /v2/droplets/0").is_empty());
}
