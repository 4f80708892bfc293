//! Lists, and what is found.

use machine_core::{Completeness, ErrorKind, OwnerId, ProviderExt as _, Scope, Selector};
use serde_json::json;

use crate::rig::{Rig, good, machine, no};

fn own() -> Selector {
    let mut which = Selector::all();
    which.scope = Scope::Owner(OwnerId::new("me"));
    which
}

#[tokio::test]
async fn an_app_that_is_not_there_has_no_machines_and_that_is_all() {
    let rig = Rig::new(|_| no(404, "app not found"));
    let (machines, completeness, _) = rig.fly.list_all(Selector::all()).await.unwrap();
    assert_eq!((machines.len(), completeness), (0, Completeness::Complete));
    let found = rig.fly.find(rig.wish().await.intent().id).await.unwrap();
    assert_eq!((found.machines.len(), found.completeness), (0, Completeness::Complete));
}

#[tokio::test]
async fn the_cloud_filters_and_so_do_we() {
    let rig = Rig::new(|_| {
        let mut ours = machine("started");
        ours["config"]["metadata"] = json!({"machine_owner": "me", "machine_intent": "01k0000000000000000000000a"});
        let mut gone = ours.clone();
        (gone["id"], gone["state"]) = (json!("e2"), json!("destroyed"));
        let mut foreign = machine("started");
        foreign["id"] = json!("e3");
        good(&json!([ours, gone, foreign]))
    });
    let (machines, ..) = rig.fly.list_all(own()).await.unwrap();
    assert_eq!(machines.iter().map(|machine| machine.id.as_str()).collect::<Vec<_>>(), ["e1"]);
    assert_eq!(rig.lines(), ["GET /apps/machine-me/machines?metadata.machine_owner=me"]);
}

#[tokio::test]
async fn what_cannot_be_read_makes_a_list_partial() {
    let rig = Rig::new(|_| good(&json!([machine("dreaming"), {"id": 7}])));
    let (machines, completeness, problems) = rig.fly.list_all(Selector::all()).await.unwrap();
    assert_eq!((machines.len(), completeness, problems.len()), (1, Completeness::Partial, 1));
}

#[tokio::test]
async fn a_failure_is_no_list() {
    let rig = Rig::new(|_| no(401, "token expired"));
    let error = rig.fly.list_all(Selector::all()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.hint().unwrap().contains("FLY_API_TOKEN"), "{error:?}");
}
