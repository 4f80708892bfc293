//! What must not happen: a change where none is wanted, a token for a stranger.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::stage::{CLOUDS, Stage};

#[test]
fn dry_run() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.playing.zone("example.com");
        stage.configure(&cloud.config("  dns-zone: example.com\n"));
        let id = stage.done(&["--quiet", "create", "-n", "host", "--no-initialize"]).trim_end().to_owned();
        stage.done(&["wait", "host", "--for", "running"]);
        let ip = stage.done(&["ip", "host"]).trim_end().to_owned();
        let size = if cloud.section == "vultr" { "40g" } else { "10g" };
        stage.done(&["volumes", "create", "data", "--size", size]);
        stage.done(&["snapshots", "create", "host", "before"]);
        // A snapshot locks its machine for a while, which then is not yet one that runs.
        stage.done(&["wait", "host", "--for", "running"]);
        let seeded = stage.put("/_sim/seed", &json!({"count": 1}));
        let foreign = seeded["ids"][0].as_str().unwrap();
        std::fs::write(stage.home.path().join("key.pub"), format!("{}x\n", crate::stage::KEYS[1])).unwrap();
        let before = stage.done(&["ledger", "list"]);
        stage.asked();
        for (args, says) in [
            (
                &["destroy", "--no-confirm", &id][..],
                &format!("would destroy host ({id})\nwould destroy record host.example.com A {ip} (")[..],
            ),
            (&["destroy", "--no-delete-dns", "host"], &format!("would destroy host ({id})\n")),
            (&["stop", "host"], &format!("would stop host ({id})\n")),
            (&["start", "host"], ""),
            (&["restart", "host"], &format!("would restart host ({id})\n")),
            (&["volumes", "create", "more", "--size", size], "would create volume more of "),
            (&["volumes", "attach", "data", "host:/data"], "would attach volume data to host at /data\n"),
            (&["volumes", "detach", "data"], "would detach volume data ("),
            (&["volumes", "resize", "data", "80g"], "would resize volume data ("),
            (&["volumes", "destroy", "data"], "would destroy volume data ("),
            (&["snapshots", "create", "host", "after"], &format!("would take snapshot after of host ({id})\n")),
            (&["snapshots", "destroy", "before"], "would destroy snapshot before ("),
            (
                &["domains", "add-record", "example.com", "www", "cname", "host.example.com"],
                "would create record www.example.com CNAME host.example.com\n",
            ),
            (&["domains", "remove-record", "example.com", "host", "A"], "would destroy record host.example.com A "),
            (&["domains", "add-name", "host"], &format!("would have host.example.com say {ip}\n")),
            (&["domains", "remove-name", "host"], "would destroy record host.example.com A "),
            (&["ssh-keys", "add", "more", "key.pub"], "would register ssh key more\n"),
            (&["ssh-keys", "destroy", "ci"], "would destroy ssh key ci ("),
            (&["adopt", foreign], "would take over "),
            (&["gc"], ""),
            (&["init", "--provider", cloud.played], "would set "),
            (&["list"], "host ("),
        ] {
            // In front, as the older tool wants it, and behind.
            for args in [[&["--dry-run"], args].concat(), [args, &["--dry-run"]].concat()] {
                let said = stage.machine(&args).expect(0);
                assert!(said.out().starts_with(says) && says.is_empty() == said.out().is_empty(), "{args:?}: {said:?}");
                assert!(!said.out().contains("Type YES"), "{args:?}: {said:?}");
            }
        }
        assert_eq!(stage.changes(), Vec::<Value>::new());
        assert_eq!(stage.done(&["ledger", "list"]), before);
        for (args, code) in
            [(&["cp", "a", "host:/b"][..], 2), (&["run", "--", "true"], 125), (&["exec", "host", "true"], 125)]
        {
            let said = stage.machine(&[&["--dry-run"], args].concat()).expect(code);
            assert!(said.stderr.contains("cannot show beforehand"), "{said:?}");
        }
        stage.end();
    }
}

#[test]
fn link_safety() {
    // What a page calls the next one is not followed to another host: the token would go with it.
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let next = format!("http://{}/v2/droplets?page=2", elsewhere.local_addr().unwrap());
    let stage = Stage::new(crate::stage::DO);
    let page = json!({"droplets": [], "links": {"pages": {"next": next, "last": next}}, "meta": {"total": 400}});
    stage.faults(&json!([{"operation": "list_droplets", "when": "before", "times": 10,
        "what": {"status": {"code": 200, "headers": {"content-type": "application/json"}, "body": page}}}]));
    let said = stage.machine(&["list", "--all", "-q"]);
    std::thread::sleep(Duration::from_millis(50));
    assert!(elsewhere.accept().is_err(), "somebody else was asked: {said:?}");
    // Nor where it is sent by a redirect.
    let to = format!("http://{}/", elsewhere.local_addr().unwrap());
    stage.calm();
    stage.faults(&json!([{"operation": "list_droplets", "when": "before", "times": 10,
        "what": {"status": {"code": 302, "headers": {"location": to}, "body": "gone"}}}]));
    let said = stage.machine(&["list", "--all", "-q"]).expect(1);
    assert!(elsewhere.accept().is_err() && said.stderr.contains("a token does not follow"), "{said:?}");
    stage.end();
}
