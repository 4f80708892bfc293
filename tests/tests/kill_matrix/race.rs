//! Two clients with one ledger that want the same name at the same moment.

use std::process::Output;

use machine_simcloud::Cloud;
use serde_json::Value;

use crate::command::myself;
use crate::scene::Scene;

/// How often they meet.
const ROUNDS: usize = 4;

/// Where names are unique, one of the two is refused and has made nothing; elsewhere both have a machine, under an intent each.
/// Nothing is left that the ledger does not know.
pub(crate) fn two_create_the_same_name_at_once(cloud: Cloud) {
    let scene = Scene::new(cloud);
    let state = scene.state();
    for round in 0..ROUNDS {
        let name = format!("twin-{round}");
        let call = scene.plain(&state, &["create", &name, "--ttl", "10m"]);
        let both = [(); 2].map(|()| call.command(&myself()).spawn().unwrap());
        let ended = both.map(|child| child.wait_with_output().unwrap());
        let made = ended.iter().filter(|output| output.status.success()).count();
        let expected = if cloud == Cloud::Fly { 1 } else { 2 };
        assert_eq!(made, expected, "{}", told(&ended));
        if let Some(refused) = ended.iter().find(|output| !output.status.success()) {
            let text = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(text.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{text}");
        }
        assert_eq!(scene.charges(&name).len(), expected, "made once each");
        let listed = scene.call(&state, &["ledger", "list", "--all", "-o", "json"]);
        let entries: Vec<Value> = serde_json::from_str(&listed.said).unwrap();
        let states: Vec<_> =
            entries.iter().filter(|entry| entry["name"] == name).map(|entry| &entry["state"]).collect();
        assert_eq!(states.len(), 2, "an intent each: {states:?}");
        assert_eq!(states.iter().filter(|state| **state == "bound").count(), expected, "{states:?}");
        let swept = scene.call(&state, &["gc"]);
        assert_eq!((swept.code, scene.open(&name).len()), (Some(0), expected), "{}", swept.said);
        for charge in scene.open(&name) {
            scene.until_settled(&state, &["destroy", "--yes", &charge.id, "--no-reaper"], None).unwrap();
        }
        assert!(scene.open(&name).is_empty());
    }
    assert!(scene.wronged().is_empty());
}

fn told(ended: &[Output]) -> String {
    ended.iter().map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).collect()
}
