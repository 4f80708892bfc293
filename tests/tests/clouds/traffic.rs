//! All that the providers say to the simulated clouds, and all that these answer, is as the published descriptions have it.

use std::time::Duration;

use machine_simcloud::Cloud;

use crate::drive::everything;
use crate::rig::Rig;
use crate::spec::Spec;

/// The longest that all of it may take for one cloud.
const PATIENCE: Duration = Duration::from_mins(3);

#[test]
fn of_fly_is_as_described() {
    both_sides(Cloud::Fly, "fly-machines-v1.openapi.json", "/v1", &[]);
}

#[test]
fn of_digitalocean_is_as_described() {
    both_sides(Cloud::DigitalOcean, "digitalocean-v2.openapi.json", "", &[]);
}

#[test]
fn of_vultr_is_as_described() {
    both_sides(Cloud::Vultr, "vultr-v2.openapi.json", "/v2", &[]);
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
