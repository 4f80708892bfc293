//! All that the providers say to the simulated clouds, and all that these answer, is as the published descriptions have it.

use std::time::Duration;

use machine_simcloud::Cloud;

use crate::drive::everything;
use crate::rig::Rig;
use crate::spec::Spec;

/// The longest that all of it may take for one cloud.
const PATIENCE: Duration = Duration::from_mins(3);

/// Where Fly's description is behind its API.
const FLY: &[(&str, &str)] = &[
    ("GET get_app -> 404: the description has no such status", "most refusals are not described"),
    ("GET list_logs -> 200: the description has no such path", "logs are another API"),
    ("POST create_app -> 201: answer: nothing is expected", "the id of a new app is not described"),
    ("_machine -> 200: answer: nothing is expected", "that a deed is done is answered with more than a status"),
    ("release_lease -> 200: answer: nothing is expected", "the same"),
    (r#"null is not of type "string""#, "a volume that nobody has is attached to null"),
];

/// The same of Vultr's.
const VULTR: &[(&str, &str)] = &[
    ("-> 400: answer: nothing is expected", "bodies of errors are not described"),
    ("-> 404: answer: nothing is expected", "bodies of errors are not described"),
    ("attach_block -> 500: the description has no such status", "a locked server is answered with 500"),
];

#[test]
fn of_fly_is_as_described() {
    both_sides(Cloud::Fly, "fly-machines-v1.openapi.json", "/v1", FLY);
}

#[test]
fn of_digitalocean_is_as_described() {
    both_sides(Cloud::DigitalOcean, "digitalocean-v2.openapi.json", "", &[]);
}

#[test]
fn of_vultr_is_as_described() {
    both_sides(Cloud::Vultr, "vultr-v2.openapi.json", "/v2", VULTR);
}

/// Drives everything and checks it; `tolerated` are parts of problems that are none, each with its reason.
fn both_sides(cloud: Cloud, description: &str, prefix: &'static str, tolerated: &[(&str, &str)]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let traffic = runtime.block_on(async {
        let rig = Rig::new(cloud).await;
        let provider = rig.open(&rig.url());
        let all = everything(&rig, provider.as_ref());
        tokio::time::timeout(PATIENCE, all).await.expect("it is done in time");
        rig.running.traffic(cloud)
    });
    assert!(traffic.len() > 40, "only {} exchanges were recorded", traffic.len());
    let problems = Spec::load(description, prefix).problems(&traffic, tolerated);
    assert_eq!(problems, Vec::<String>::new());
}
