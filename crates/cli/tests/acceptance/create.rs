//! What comes before and after the request that creates a machine: what is refused, and what is said.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::stage::{CLIENT, CLOUDS, DO, Stage, operations};
use crate::support::{end_of, read_until, signal};

#[test]
fn zone_pre_check() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.configure(&cloud.config("  dns-zone: bogus.example\n"));
        stage.asked();
        let said = stage.machine(&["create", "--name", "host", "--type", "box"]).expect(3);
        assert!(said.stderr.contains("`bogus.example` not found") && said.stdout.is_empty(), "{said:?}");
        assert_eq!(stage.changes(), Vec::<Value>::new());
        stage.end();
    }
}

#[test]
fn project() {
    let stage = Stage::new(DO);
    let project = stage.put("/v2/projects", &json!({"name": "blue", "purpose": "x"}))["project"].clone();
    stage.configure(&DO.config("  project: bleu\n"));
    stage.asked();
    let said = stage.machine(&["create", "--name", "host", "--type", "box"]).expect(3);
    assert!(said.stderr.contains("bleu") && said.stderr.contains("blue"), "{said:?}");
    assert_eq!(stage.changes(), Vec::<Value>::new(), "before anything is made");

    stage.configure(&DO.config("  project: blue\n"));
    let id = stage.done(&["--quiet", "create", "--name", "host", "--type", "box"]);
    let asked = stage.changes();
    let assigned = asked.iter().find(|asked| asked["operation"] == "assign_project_resources").unwrap();
    assert_eq!(assigned["path"], format!("/v2/projects/{}/resources", project["id"].as_str().unwrap()));
    assert_eq!(assigned["body"], json!({"resources": [format!("do:droplet:{}", id.trim_end())]}));
    stage.end();
}

#[test]
fn ip_wait() {
    for cloud in CLOUDS {
        // It takes more than one look to have an address.
        let stage = Stage::with(cloud, &["--no-machines", "--speed", "15"]);
        stage.asked();
        let said =
            stage.machine(&["create", "--name", "host", "--no-initialize", "--wait-for-ip", "-o", "json"]).expect(0);
        let made: Value = serde_json::from_str(&said.out()).unwrap();
        let ip = made["ip"].as_str().unwrap();
        assert_ne!(ip, "0.0.0.0");
        assert!(said.stderr.contains(&format!("IP Address: {ip}\n")), "{said:?}");
        let looks = stage.asked();
        assert!(operations(&looks).iter().filter(|operation| operation.starts_with("get_")).count() > 1, "{looks:#?}");
        stage.end();
    }
}

#[test]
fn dns_create() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.playing.zone("example.com");
        stage.configure(&cloud.config("  dns-zone: example.com\n"));
        stage.asked();
        let said = stage.machine(&["create", "--name", "host", "--type", "box"]).expect(0);
        let ip = stage.done(&["ip", "host"]);
        let ending = format!("\nIP Address: {}\nDNS: host.example.com\n", ip.trim_end());
        assert!(said.stderr.ends_with(&ending), "{said:?}");
        let asked = stage.changes();
        let record = asked.iter().find(|asked| asked["operation"] == "create_record").unwrap();
        assert_eq!(record["path"], "/v2/domains/example.com/records");
        for (key, value) in [("type", "A"), ("name", "host"), ("data", ip.trim_end())] {
            assert_eq!(record["body"][key], value, "{record}");
        }
        assert_eq!(record["body"]["ttl"], 300);
        stage.asked();
        stage.machine(&["create", "--name", "next", "--type", "box", "--no-update-dns"]).expect(0);
        assert!(!operations(&stage.changes()).contains(&"create_record"));
        stage.end();
    }
}

#[test]
fn progress_is_for_terminals() {
    let stage = Stage::new(DO);
    // Nothing moves a cursor in a pipe, whatever is asked for.
    for flags in [&[][..], &["--progress"], &["--no-progress"]] {
        let said = stage.machine(&[&["create", "--name", "host", "--no-initialize", "--wait-for-ip"], flags].concat());
        let said = said.expect(0);
        assert!(!said.stderr.contains(['\r', '\u{1b}']), "{said:?}");
    }
    stage.end();
}

#[test]
fn create_text_quiet_json() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.playing.zone("example.com");
        stage.configure(&cloud.config("  dns-zone: example.com\n"));
        let create = |flags: &[&str], name: &str| {
            let create = ["create", "-n", name, "-m", "Web", "-t", "extra"];
            let words = stage.machine(&[flags, &create[..]].concat()).expect(0);
            (words.out(), words.stderr, stage.done(&["ip", name]).trim_end().to_owned())
        };
        let id = |name: &str| stage.done(&["list", "-q", "-n", name]).trim_end().to_owned();
        let (out, err, ip) = create(&[], "one");
        assert_eq!(out, format!("New machine created with id: {}\n", id("one")));
        assert!(err.contains(&format!("IP Address: {ip}\n")) && err.contains("DNS: one.example.com\n"), "{err}");
        let (out, err, ip) = create(&["--quiet"], "two");
        assert_eq!((out, err), (format!("{}\n", id("two")), format!("{ip}\n")));

        let said = stage.machine(&["create", "-n", "three", "-m", "Web", "-t", "extra", "--output", "json"]).expect(0);
        let made: Value = serde_json::from_str(&said.out()).unwrap();
        let region = if cloud.section == "vultr" { "ewr" } else { "nyc3" };
        let tags = json!([format!("machine:session:{CLIENT}"), "machine:created", "machine:type:web", "extra"]);
        let expected = json!({"id": id("three"), "name": "three", "tags": tags, "region": region,
            "ip": stage.done(&["ip", "three"]).trim_end(), "type": "web"});
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&made[key], value, "{key}");
        }
        let places = ["id", "name", "tags", "region", "ip", "type"].map(|key| said.out().find(&format!("\"{key}\":")));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{said:?}");
        let made = stage.json(&["create", "-n", "four", "--no-initialize", "--no-update-dns", "-o", "json"]);
        assert_eq!(made["type"], Value::Null);
        stage.end();
    }
}

#[test]
fn the_id_is_said_before_anything_is_waited_for() {
    let stage = Stage::new(DO);
    stage.faults(&json!([{"operation": "get_droplet", "when": "before", "what": "hold", "times": 100}]));
    // A pipe has the line at once.
    let mut command = stage.command(&["create", "--name", "host", "--no-initialize", "--wait-for-ip"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("New machine created with id: "), "{line}");
    signal(&child, Signal::INT);
    end_of(child).expect(130);

    let mut command = stage.command(&["create", "--name", "next", "--no-initialize", "--wait-for-ip", "-o", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let text = read_until(&mut told, "New machine created with id: ");
    signal(&child, Signal::INT);
    let said = end_of(child).expect(130);
    assert!(said.stdout.is_empty() && text.ends_with('\n'), "{said:?}: {text}");
    stage.calm();
    stage.end();
}
