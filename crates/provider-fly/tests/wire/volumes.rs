//! Volumes.

use machine_core::{Destroyed, Effect, ErrorKind, MachineSpec, VolumeId, VolumeMount, VolumeSpec};
use serde_json::{Value, json};

use crate::rig::{Rig, good, id, machine, no, spec};
use crate::server::Play;

const VOLUMES: &str = "/apps/machine-me/volumes";

fn volume(name: &str, machine: Option<&str>) -> Value {
    json!({"id": "vol_1", "name": name, "state": "created", "size_gb": 2, "region": "iad", "attached_machine_id": machine})
}

fn wanted() -> VolumeSpec {
    VolumeSpec { name: "data-1".parse().unwrap(), size_gib: 2, region: None }
}

#[tokio::test]
async fn its_name_tells_whose_it_is_here() {
    let rig = Rig::new(|asked| match (asked.method, asked.path) {
        ("POST", VOLUMES) => good(&volume("", None)),
        _ => good(&json!({})),
    });
    let wish = rig.wish().await;
    rig.fly.volumes().unwrap().create(&wish, &wanted()).await.unwrap();
    let request = rig.server.requests().pop().unwrap();
    let told: Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((&told["region"], &told["size_gb"]), (&json!("iad"), &json!(2)));
    let name = told["name"].as_str().unwrap();
    assert!(name.starts_with("data_1_m") && name.len() <= 30, "{name}");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_request_is_sent_once() {
    let rig = Rig::new(|asked| if asked.method == "POST" { Play::Reset } else { good(&json!({})) });
    let error = rig.fly.volumes().unwrap().create(&rig.wish().await, &wanted()).await.unwrap_err();
    assert_eq!((error.effect(), rig.count("POST")), (Effect::Unknown, 1));
}

#[tokio::test]
async fn what_the_cloud_keeps_for_a_day_is_gone() {
    let rig = Rig::new(|asked| {
        let mut volume = volume("x", None);
        volume["state"] = json!("pending_destroy");
        good(&if asked.path == VOLUMES { json!([volume]) } else { volume })
    });
    let (volumes, id) = (rig.fly.volumes().unwrap(), VolumeId::new("vol_1"));
    assert!(volumes.list().await.unwrap().is_empty());
    assert_eq!(volumes.get(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(volumes.destroy(&id).await.unwrap(), Destroyed::AlreadyGone);
    assert_eq!(rig.count("DELETE"), 0);
}

#[tokio::test]
async fn it_stays_where_it_was_given() {
    let mount = VolumeMount { volume: VolumeId::new("vol_1"), path: "/data".to_owned() };
    for (held, state, kind) in [
        (Some("e2"), "stopped", ErrorKind::Conflict),
        (None, "started", ErrorKind::Conflict),
        (None, "stopped", ErrorKind::Unsupported),
    ] {
        let rig = Rig::new(move |asked| {
            good(&if asked.path.starts_with(VOLUMES) { volume("x", held) } else { machine(state) })
        });
        let error = rig.fly.volumes().unwrap().attach(&id(), &mount).await.unwrap_err();
        assert_eq!((error.kind(), rig.count("POST")), (kind, 0), "{held:?} {state}");
    }
}

#[tokio::test]
async fn a_machine_goes_where_its_volume_is() {
    let rig = Rig::new(|asked| match (asked.method, asked.path) {
        ("GET", path) if path.ends_with("/vol_1") => {
            let mut volume = volume("x", None);
            volume["region"] = json!("waw");
            good(&volume)
        }
        ("GET", path) if path.ends_with("/vol_2") => no(404, "volume not found"),
        _ => good(&machine("created")),
    });
    let with = |volume: &str| {
        let mount = VolumeMount { volume: VolumeId::new(volume), path: "/data".to_owned() };
        MachineSpec { volumes: vec![mount], ..spec() }
    };
    rig.fly.create(&rig.wish().await, &with("vol_1")).await.unwrap();
    assert!(rig.server.requests().pop().unwrap().contains("\"region\":\"waw\""));
    let elsewhere = MachineSpec { regions: vec!["iad".to_owned()], ..with("vol_1") };
    for (spec, kind) in [(elsewhere, ErrorKind::Invalid), (with("vol_2"), ErrorKind::NotFound)] {
        let error = rig.fly.create(&rig.wish().await, &spec).await.unwrap_err();
        assert_eq!((error.kind(), error.effect(), rig.count("POST")), (kind, Effect::None, 1));
    }
}
