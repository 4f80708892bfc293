//! Every request that the providers make is one that the clouds' published descriptions allow. Prism judges; a simulated cloud
//! answers, because prism remembers nothing and one cannot get far with answers that are examples.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use machine_simcloud::Cloud;
use machine_tests::snapshot::assert_recorded;
use serde_json::Value;

use crate::drive::everything;
use crate::prism::Prism;
use crate::recorder::{Recorder, Shown};
use crate::rig::Rig;

/// The longest that all of it may take for one cloud.
const PATIENCE: Duration = Duration::from_mins(3);

/// Where a description is known to be behind its cloud: the beginning of what is sent, what is said of it, and why it is right
/// all the same.
type Tolerated = [(&'static str, &'static str, &'static str)];

#[test]
fn accepts_fly() {
    judge(Cloud::Fly, "fly-machines-v1", &[]);
}

#[test]
fn accepts_digitalocean() {
    judge(Cloud::DigitalOcean, "digitalocean-v2", &[]);
}

#[test]
fn accepts_vultr() {
    let by_tag =
        "the only list of what has one tag; the description calls it deprecated and names nothing in its place";
    judge(Cloud::Vultr, "vultr-v2", &[("GET /instances?", "Query param tag is deprecated", by_tag)]);
}

fn judge(cloud: Cloud, description: &str, tolerated: &Tolerated) {
    let file = format!("{description}.openapi.json");
    let prism = match Prism::start(&file) {
        Ok(prism) => prism,
        Err(why) => {
            let required = std::env::var("MACHINE_REQUIRE").is_ok_and(|what| what == "all");
            assert!(!required, "MACHINE_REQUIRE=all, and {why}");
            println!("skipped: {why}");
            return;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let shown = runtime.block_on(async {
        let rig = Rig::new(cloud).await;
        let recorder = Recorder::start(cloud, &rig.url(), prism.url()).await;
        let provider = rig.open(&recorder.url);
        let all = everything(&rig, provider.as_ref());
        tokio::time::timeout(PATIENCE, all).await.expect("it is done in time");
        recorder.shown()
    });
    assert_eq!(complaints(&shown, tolerated), Vec::<String>::new());
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(dir.join("../crates/simcloud/specs").join(&file)).unwrap();
    let paths = serde_json::from_slice::<Value>(&text).unwrap()["paths"].clone();
    let covered: BTreeSet<_> = shown.iter().map(|shown| operation(&paths, shown)).collect();
    let covered: String = covered.into_iter().map(|line| line + "\n").collect();
    assert_recorded(&dir.join(format!("tests/clouds/operations-{cloud}.snap")), &covered);
}

/// What prism has against the requests and nobody tolerates, and every tolerance that nothing needs.
fn complaints(shown: &[Shown], tolerated: &Tolerated) -> Vec<String> {
    let fits = |(request, violation, _): &(&str, &str, &str), shown: &Shown, said: &str| {
        shown.whole.starts_with(request) && said.contains(violation)
    };
    let all: Vec<_> = shown.iter().flat_map(|shown| shown.violations.iter().map(move |said| (shown, said))).collect();
    let bad = all.iter().filter(|(shown, said)| !tolerated.iter().any(|it| fits(it, shown, said)));
    let bad = bad.map(|(shown, said)| format!("{said} in {}", shown.whole));
    let unneeded = tolerated.iter().filter(|it| !all.iter().any(|(shown, said)| fits(it, shown, said)));
    bad.chain(unneeded.map(|it| format!("nothing needs the tolerance of {it:?}"))).collect()
}

/// The operation of the description: its method and its path with the fewest variable parts.
fn operation(paths: &Value, shown: &Shown) -> String {
    let parts: Vec<_> = shown.path.split('/').collect();
    let fits = |template: &&String| {
        let wanted: Vec<_> = template.split('/').collect();
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(|(it, has)| it.starts_with('{') || it == has)
    };
    let fitting = paths.as_object().unwrap().keys().filter(fits);
    let template = fitting.min_by_key(|template| template.matches('{').count());
    format!("{} {}", shown.method, template.unwrap_or(&shown.path))
}
