//! Specs and the requests that they become.

use machine_core::{
    EnvVar, FileSpec, IntentId, Money, OsText, OwnerId, ResourceKind, SizeRequest, VolumeId, VolumeMount,
};
use serde_json::{Value, json};

use super::*;

fn intent(lifetime: Lifetime) -> Intent {
    Intent {
        id: IntentId::mint(),
        owner: OwnerId::new("me"),
        resource: ResourceKind::Machine,
        name: "web-1".to_owned(),
        provider: crate::KIND.to_owned(),
        lifetime,
        deadline: None,
        minted_at: jiff::Timestamp::now(),
    }
}

fn spec() -> MachineSpec {
    MachineSpec::new("web-1".parse().unwrap())
}

fn sent(spec: &MachineSpec, lifetime: Lifetime) -> Result<Value> {
    let (image, size) = (images::DEFAULT.to_owned(), sizes::DEFAULT.to_owned());
    let defaults = Defaults { image, region: Some("iad".to_owned()), size, prices: Prices::LISTED };
    plan(&intent(lifetime), spec, &defaults).map(|request| serde_json::to_value(request).unwrap())
}

#[test]
fn a_machine_that_stays_idles_on_the_default_image() {
    let sent = sent(&spec(), Lifetime::Deadline).unwrap();
    assert_eq!((&sent["name"], &sent["region"]), (&json!("web-1"), &json!("iad")));
    let config = &sent["config"];
    assert_eq!(config["image"], "registry-1.docker.io/library/debian:12");
    assert_eq!(config["init"]["exec"], json!(["sleep", "infinity"]));
    assert_eq!(config["guest"], json!({"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}));
    assert_eq!((&config["restart"]["policy"], &config["auto_destroy"]), (&json!("no"), &json!(false)));
    assert_eq!(config["metadata"]["machine_owner"], "me");
    for absent in ["env", "files", "mounts", "services", "checks"] {
        assert_eq!(config.get(absent), None, "{absent}");
    }
}

#[test]
fn everything_that_can_be_asked_for() {
    let mut spec = spec();
    spec.image = Some("nginx:1.29".to_owned());
    spec.regions = vec!["dfw".to_owned(), "eu".to_owned()];
    spec.command = ["echo", "a b"].map(OsText::from).to_vec();
    spec.env = vec![EnvVar::new("A", "b")];
    spec.files = vec![FileSpec::private("/run/x", *b"hi")];
    spec.labels.insert("team".to_owned(), "blue".to_owned());
    spec.volumes = vec![VolumeMount { volume: VolumeId::new("vol_1"), path: "/data".to_owned() }];
    spec.options.set(&FlyOptions { services: vec![json!({"internal_port": 80})], ..FlyOptions::default() }).unwrap();
    let sent = sent(&spec, Lifetime::Client).unwrap();
    let config = &sent["config"];
    assert_eq!((&sent["region"], &config["auto_destroy"]), (&json!("dfw,eu"), &json!(true)));
    assert_eq!(config["init"]["exec"], json!(["echo", "a b"]));
    assert_eq!((&config["env"], &config["metadata"]["team"]), (&json!({"A": "b"}), &json!("blue")));
    assert_eq!(config["files"], json!([{"guest_path": "/run/x", "raw_value": "aGk=", "mode": 256}]));
    assert_eq!(config["mounts"], json!([{"volume": "vol_1", "path": "/data"}]));
    assert_eq!(config["services"], json!([{"internal_port": 80}]));
}

#[test]
fn an_image_of_ones_own_runs_its_own_command() {
    let spec = MachineSpec { image: Some("nginx:1.29".to_owned()), ..spec() };
    assert_eq!(sent(&spec, Lifetime::Deadline).unwrap()["config"].get("init"), None);
    let lost = MachineSpec { workdir: Some("/srv".into()), ..spec };
    assert_eq!(sent(&lost, Lifetime::Deadline).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn what_cannot_be_is_refused() {
    let mut label = spec();
    label.labels.insert("fly_x".to_owned(), String::new());
    let cheap = Price { hourly: Money::from_micros(1), monthly_cap: None };
    for (spec, kind) in [
        (MachineSpec { ssh_keys: vec!["k".to_owned()], ..spec() }, ErrorKind::Unsupported),
        (MachineSpec { image: Some("debain-99".to_owned()), ..spec() }, ErrorKind::Invalid),
        (MachineSpec { size: SizeRequest::Named("tiny".to_owned()), ..spec() }, ErrorKind::Invalid),
        (MachineSpec { max_price: Some(cheap), ..spec() }, ErrorKind::Budget),
        (label, ErrorKind::Invalid),
    ] {
        assert_eq!(sent(&spec, Lifetime::Deadline).unwrap_err().kind(), kind, "{spec:?}");
    }
}
