//! A client of the cloud that is played, and what is on offer there.

use std::time::Duration;

use machine_core::{
    CloudProvider as _, IntentDraft, Lifetime, Machine, MachineSpec, Markers, OwnerId, RecordedIntent, ResourceKind,
    Result, Secret, VolatileIntents,
};
use machine_digitalocean::{DigitalOceanProvider, Pace};
use machine_http::Timing;
use serde_json::{Value, json};

use crate::cloud::{Cloud, Reply};

pub(crate) const NYC: &str = "nyc3";

/// A client that waits for nothing for long.
pub(crate) fn client(cloud: &Cloud) -> DigitalOceanProvider {
    with_token(cloud, "hunter2")
}

pub(crate) fn with_token(cloud: &Cloud, token: &str) -> DigitalOceanProvider {
    let pace = Pace {
        look: Duration::from_millis(20),
        busy: Duration::from_millis(600),
        action: Duration::from_secs(2),
        snapshot: Duration::from_secs(2),
        unseen: Duration::from_secs(20),
        list_lag: Duration::ZERO,
    };
    let timing = Timing { attempts: 2, pause: Duration::from_millis(5), ..Timing::default() };
    let builder = DigitalOceanProvider::builder(Secret::new(token)).api_url(cloud.url());
    builder.rate_limit(false).pace(pace).timing(timing).open().unwrap()
}

/// A cloud with two sizes in two regions, and one image.
pub(crate) fn on_offer() -> Cloud {
    let cloud = Cloud::empty();
    let size = |slug: &str, memory: u64, hourly: f64| {
        json!({"slug": slug, "memory": memory, "vcpus": 1, "disk": 25, "transfer": 1.0, "price_hourly": hourly,
            "price_monthly": hourly * 672.0, "regions": ["nyc3", "fra1"], "available": true, "description": "Basic"})
    };
    let sizes = json!({"sizes": [size("s-1vcpu-1gb", 1024, 0.00893), size("s-1vcpu-512mb-10gb", 512, 0.00595)]});
    let region = |slug: &str| json!({"slug": slug, "name": slug, "features": [], "available": true, "sizes": []});
    let image =
        json!({"id": 1, "name": "12 x64", "distribution": "Debian", "slug": "debian-12-x64", "status": "available"});
    cloud
        .has("GET /v2/sizes", sizes)
        .has("GET /v2/regions", json!({"regions": [region("nyc3"), region("fra1")], "links": {}, "meta": {"total": 2}}))
        .has("GET /v2/images", json!({"images": [], "links": {}, "meta": {"total": 0}}))
        .has("GET /v2/images?type=distribution", json!({"images": [image], "links": {}, "meta": {"total": 1}}))
        .has("GET /v2/droplets", json!({"droplets": [], "links": {}, "meta": {"total": 0}}));
    cloud
}

/// A droplet in that state.
pub(crate) fn droplet(id: u64, status: &str, tags: &[String]) -> Value {
    json!({"id": id, "name": "web-1", "status": status, "locked": false, "tags": tags, "volume_ids": [],
        "networks": {"v4": [{"ip_address": "192.0.2.7", "type": "public"}], "v6": []}, "region": {"slug": NYC}})
}

pub(crate) fn shown(id: u64, status: &str) -> Reply {
    Reply::Json(200, json!({"droplet": droplet(id, status, &[])}))
}

/// What the cloud answers to a create.
pub(crate) fn accepted(id: u64) -> Reply {
    let droplet = json!({"id": id, "name": "web-1", "status": "new", "locked": true, "networks": {"v4": [], "v6": []}});
    Reply::Json(
        202,
        json!({"droplet": droplet, "links": {"actions": [{"id": 36, "rel": "create", "href": "https://x"}]}}),
    )
}

pub(crate) fn action(status: u16, id: u64, how: &str) -> Reply {
    Reply::Json(status, json!({"action": {"id": id, "status": how, "type": "any", "resource_id": 7}}))
}

pub(crate) async fn intent(resource: ResourceKind) -> RecordedIntent {
    let store = VolatileIntents::new(OwnerId::new("o-1"));
    let (name, provider) = ("web-1".to_owned(), "digitalocean".to_owned());
    let draft = IntentDraft { resource, name, provider, lifetime: Lifetime::Client, deadline: None };
    RecordedIntent::record(&store, draft).await.unwrap()
}

pub(crate) fn spec() -> MachineSpec {
    MachineSpec::new("web-1".parse().unwrap())
}

pub(crate) async fn create(provider: &DigitalOceanProvider, spec: &MachineSpec) -> (Markers, Result<Machine>) {
    let wish = intent(ResourceKind::Machine).await;
    (wish.intent().markers(), provider.create(&wish, spec).await)
}
