//! `destroy`: what is refused, what is asked, what goes, and what stays.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stage::{CLOUDS, DO, Stage, VULTR, operations};

#[test]
fn destroy_refusal() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let seeded = stage.put("/_sim/seed", &json!({"count": 1}));
        let foreign = seeded["ids"][0].as_str().unwrap();
        let another = ["--quiet", "--session-id", "another", "create", "-n", "theirs", "--no-initialize"];
        let another = stage.done(&another).trim_end().to_owned();
        crate::support::eventually("both to be listed", || stage.done(&["list", "--all", "-q"]).lines().count() == 2);
        stage.asked();
        for (id, why) in
            [(foreign, "it was not created by this tool."), (&another, "it was created by a different session.")]
        {
            let said = stage.machine(&["destroy", "--no-confirm", id]).expect(5);
            assert!(said.stderr.contains("Cannot destroy machine \"") && said.stderr.contains(why), "{said:?}");
        }
        assert_eq!(stage.changes(), Vec::<Value>::new());
        stage.machine(&["destroy", "--no-confirm", "--all", foreign, &another]).expect(0);
        assert_eq!(stage.done(&["list", "--all", "-q"]), "");
        stage.end();
    }
}

#[test]
fn yes_prompt() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let (id, _) = stage.made("host");
        let question = format!(
            "Type YES (not y or yes or Yes) to confirm that you want to permanently DELETE/DESTROY machine \"host\" (id: {id})"
        );
        stage.asked();
        for (answer, says) in [("yes\n", "not confirmed by user"), ("y\n", "not confirmed"), ("", "Aborted!")] {
            let said = stage.answered(&["destroy", &id], answer).expect(1);
            assert!(said.out().starts_with(&question) && said.stderr.contains(says), "{said:?}");
        }
        assert_eq!(stage.changes(), Vec::<Value>::new());
        assert!(stage.answered(&["destroy", &id], "YES\n").expect(0).out().starts_with(&question));
        assert_eq!(stage.done(&["list", "-q"]), "");
        // Nothing is named, and nothing is done.
        stage.machine(&["destroy"]).expect(0);
        stage.end();
    }
}

#[test]
fn destroy_many() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let ids = ["one", "two"].map(|name| stage.made(name).0);
        let said = stage.machine(&["destroy", "--no-confirm", &ids[0], "no-such", &ids[1]]).expect(9);
        assert!(said.stderr.contains("no-such") && said.stdout.is_empty(), "{said:?}");
        assert_eq!(stage.done(&["list", "--all", "-q"]), "", "those after the one that failed are gone too");
        stage.end();
    }
}

#[test]
fn destroy_dns() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.playing.zone("example.com");
        stage.configure(&cloud.config("  dns-zone: example.com\n"));
        stage.record("example.com", "TXT", "host", "kept");
        let id = stage.done(&["--quiet", "create", "-n", "host", "--no-initialize"]).trim_end().to_owned();
        stage.record("example.com", "A", "host", "198.51.100.7");
        stage.machine(&["destroy", "--no-confirm", "--delete-dns", &id]).expect(0);
        let left = stage.done(&["list-domain", "--all", "-m", "*", "-n", "host"]);
        assert!(left.contains("host\tTXT\t") && left.contains("host\tA\t198.51.100.7\n"), "{left}");
        assert_eq!(left.lines().count(), 2, "{left}");
        let id = stage.done(&["--quiet", "create", "-n", "next", "--no-initialize"]).trim_end().to_owned();
        stage.machine(&["destroy", "--no-confirm", "--no-delete-dns", &id]).expect(0);
        assert_eq!(stage.done(&["list-domain", "--all", "-n", "next"]).lines().count(), 1);
        stage.end();
    }
}

#[test]
fn vultr_delete_retry() {
    let stage = Stage::new(VULTR);
    let answer = |code: u16, times: u32, why: &str| {
        let body = if why.is_empty() { Value::Null } else { json!({"error": why, "status": code}) };
        json!([{"operation": "delete_instance", "when": "before", "times": times,
            "what": {"status": {"code": code, "body": body}}}])
    };
    let tries =
        |stage: &Stage| operations(&stage.asked()).iter().filter(|operation| **operation == "delete_instance").count();
    // Locked twice, and then it goes.
    let (id, _) = stage.made("locked");
    stage.asked();
    stage.faults(&answer(500, 2, "Unable to destroy server: This subscription is currently locked"));
    stage.machine(&["destroy", "--no-confirm", &id]).expect(0);
    assert!(tries(&stage) >= 3);
    // Accepted, and nothing done: it is asked again until the machine is gone.
    let (id, _) = stage.made("stubborn");
    stage.asked();
    stage.faults(&answer(204, 1, ""));
    stage.machine(&["destroy", "--no-confirm", &id]).expect(0);
    assert!(tries(&stage) >= 2);
    assert_eq!(stage.machines(), 0);
    // Gone already.
    let (id, _) = stage.made("gone");
    stage.faults(&json!([{"operation": "delete_instance", "when": "after", "what": {"status": {"code": 404,
        "body": {"error": "Invalid instance.", "status": 404}}}}]));
    stage.machine(&["destroy", "--no-confirm", &id]).expect(0);
    // A credential that is not accepted is not asked about again.
    let (id, _) = stage.made("refused");
    stage.asked();
    stage.faults(&answer(401, 5, "Invalid API token."));
    let began = Instant::now();
    // The machine is there, and may go on costing money: that comes before why.
    let said = stage.machine(&["destroy", "--no-confirm", &id]).expect(11);
    assert!(said.stderr.contains("Invalid API token"), "{said:?}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(tries(&stage), 1);
    stage.calm();
    stage.machine(&["destroy", "--no-confirm", &id]).expect(0);
    stage.end();
}

#[test]
fn a_zone_that_has_gone_does_not_keep_a_machine() {
    let stage = Stage::new(DO);
    let (id, _) = stage.made("host");
    stage.configure(&DO.config("  dns-zone: gone.example\n"));
    stage.machine(&["destroy", "--no-confirm", &id]).expect(0);
    assert_eq!(stage.done(&["list", "--all", "-q"]), "");
    stage.end();
}
