//! `list`: whose machines, which of them, in which shape, and all of them or none.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::stage::{CLOUDS, Cloud, DO, Stage, VULTR, operations};

/// Six machines: three of ours, one of another client, two that something else made.
struct Fleet {
    stage: Stage,
    ids: [String; 3],
    another: String,
    foreign: Vec<String>,
}

fn elsewhere(cloud: Cloud) -> &'static str {
    if cloud.section == "vultr" { "ams" } else { "ams3" }
}

fn fleet(cloud: Cloud) -> Fleet {
    let stage = Stage::new(cloud);
    let region = elsewhere(cloud);
    let made = |flags: &[&str]| {
        stage.done(&[&["--quiet", "create", "--no-initialize", "--name"], flags].concat()).trim_end().to_owned()
    };
    let ids = [
        made(&["web-1", "--type", "Web", "--tag", "blue", "--wait-for-ip"]),
        made(&["web-2", "--type", "Web", "--region", region, "--wait-for-ip"]),
        made(&["box-1", "--type", "box", "--tag", "blue", "--wait-for-ip"]),
    ];
    let another = made(&["web-3", "--type", "Web", "--session-id", "another"]);
    let seeded = stage.put("/_sim/seed", &json!({"count": 2}));
    let foreign = seeded["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    let fleet = Fleet { stage, ids, another, foreign };
    crate::support::eventually("all to be listed", || fleet.listed(&["--all"]).len() == 6);
    fleet
}

impl Fleet {
    fn listed(&self, flags: &[&str]) -> BTreeSet<String> {
        let out = self.stage.done(&[&["list", "-q"], flags].concat());
        out.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn are(&self, flags: &[&str], which: &[&String]) {
        assert_eq!(self.listed(flags), which.iter().map(|id| (*id).clone()).collect(), "{flags:?}");
    }
}

#[test]
fn list_default() {
    for cloud in CLOUDS {
        let fleet = fleet(cloud);
        let [one, two, three] = &fleet.ids;
        fleet.are(&[], &[one, two, three]);
        fleet.are(&["--session-id", "another"], &[&fleet.another]);
        fleet.are(&["--session-id", "nobody"], &[]);
        fleet.stage.end();
    }
}

#[test]
fn list_filters() {
    for cloud in CLOUDS {
        let fleet = fleet(cloud);
        let [one, two, three] = &fleet.ids;
        let region = elsewhere(cloud);
        for (flags, which) in [
            (&["--id", one.as_str()][..], &[one][..]),
            (&["--id", &fleet.another], &[]),
            (&["--all", "--id", &fleet.another], &[&fleet.another]),
            (&["--id", "999"], &[]),
            (&["--name", "web-2"], &[two]),
            (&["-n", "web"], &[]),
            (&["--tag", "blue"], &[one, three]),
            (&["--type", "WEB"], &[one, two]),
            (&["-m", "box"], &[three]),
            (&["--region", region], &[two]),
            (&["--type", "web", "--tag", "blue"], &[one]),
            (&["--type", "web", "--region", region], &[two]),
            (&["--tag", "blue", "--region", region], &[]),
            (&["--name", "web-1", "--id", two], &[]),
            (&["--all", "--type", "web"], &[one, two, &fleet.another]),
        ] {
            fleet.are(flags, which);
        }
        // `status` takes the same.
        let status = fleet.stage.json(&["status", "--id", one, "--timeout", "50ms", "-o", "json"]);
        assert_eq!((status.as_array().unwrap().len(), &status[0]["id"]), (1, &json!(one)));
        let ids = fleet.stage.done(&["status", "-q", "-m", "box", "--timeout", "50ms"]);
        assert_eq!(ids, format!("{three}\n"));
        fleet.stage.end();
    }
}

#[test]
fn list_shapes() {
    for cloud in CLOUDS {
        let fleet = fleet(cloud);
        let [one, ..] = &fleet.ids;
        let stage = &fleet.stage;
        let region = if cloud.section == "vultr" { "ewr" } else { "nyc3" };
        let ip = stage.done(&["ip", one]).trim_end().to_owned();
        let only = ["list", "--name", "web-1"];
        assert_eq!(stage.done(&only), format!("web-1 ({one}, {region}, web): {ip}\n"));
        assert_eq!(stage.done(&[&only[..], &["-q"]].concat()), format!("{one}\n"));
        let shown = stage.json(&[&only[..], &["-q", "-o", "json"]].concat());
        assert_eq!((&shown[0]["id"], &shown[0]["ip"], &shown[0]["type"]), (&json!(one), &json!(ip), &json!("web")));
        assert_eq!(stage.json(&["list", "-n", "nobody", "-o", "json"]), json!([]));
        assert_eq!(stage.done(&["list", "-n", "nobody"]), "");
        // Something else made it: it has no type.
        let foreign = stage.json(&["list", "--all", "--id", &fleet.foreign[0], "-o", "json"]);
        assert_eq!(foreign[0]["type"], Value::Null);
        let line = stage.done(&["list", "--all", "--id", &fleet.foreign[0]]);
        assert!(line.contains(", None): "), "{line}");
        stage.machine(&["list", "--unique", "-n", "nobody"]).expect(0);
        stage.machine(&["list", "--unique", "-n", "web-1"]).expect(0);
        let said = stage.machine(&["list", "--unique", "-m", "web"]).expect(5);
        assert!(said.stderr.contains("--unique match required but 2 matches found"), "{said:?}");
        assert!(said.stdout.is_empty());
        fleet.stage.end();
    }
}

#[test]
fn paging() {
    let stage = Stage::new(DO);
    stage.put("/_sim/seed", &json!({"count": 1000}));
    let all = |stage: &Stage| stage.machine(&["list", "--all", "-q"]);
    crate::support::eventually("all to be listed", || all(&stage).out().lines().count() == 1000);
    stage.asked();
    let ids: BTreeSet<_> = all(&stage).expect(0).out().lines().map(str::to_owned).collect();
    assert_eq!(ids.len(), 1000);
    let asked = stage.asked();
    // One more looks for those with graphics, which are on a list of their own.
    let plain = asked.iter().filter(|asked| !asked["query"].to_string().contains("gpus"));
    assert_eq!(operations(&plain.cloned().collect::<Vec<_>>()), ["list_droplets"; 5]);
    let busy = |times: u32| {
        json!([{"operation": "list_droplets", "when": "before", "skip": 2, "times": times,
            "what": {"status": {"code": 429, "headers": {"retry-after": "0"}, "body": {"id": "too_many_requests"}}}}])
    };
    stage.faults(&busy(1));
    assert_eq!(all(&stage).expect(0).out().lines().count(), 1000, "it asks again");
    // What is refused for good leaves no shorter list that looks like all of it.
    stage.faults(&json!([{"operation": "list_droplets", "when": "before", "skip": 2, "times": 100,
        "what": {"status": {"code": 403, "body": {"id": "forbidden"}}}}]));
    let said = all(&stage).expect(4);
    assert!(said.stdout.is_empty(), "{said:?}");
    stage.calm();
    stage.end();

    let stage = Stage::new(VULTR);
    stage.put("/_sim/seed", &json!({"count": 150}));
    crate::support::eventually("all to be listed", || all(&stage).out().lines().count() == 150);
    let shown = stage.json(&["list", "--all", "-o", "json"]);
    let ids: BTreeSet<_> = shown.as_array().unwrap().iter().map(|machine| machine["id"].to_string()).collect();
    assert_eq!(ids.len(), 150);
    stage.end();
}
