//! What the older tool gets wrong, and this one must not: D1 to D10. Each test fails on what that one does.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::stage::{CLOUDS, DO, Stage, VULTR, operations};
use crate::support::{Home, end_of, eventually, finish, read_until, signal};

#[test]
fn d01_a_dry_run_changes_nothing() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let (id, _) = stage.made("host");
        stage.asked();
        assert_eq!(stage.done(&["--dry-run", "destroy", "--no-confirm", &id]), format!("would destroy host ({id})\n"));
        stage.machine(&["--dry-run", "create", "--name", "other", "--no-initialize"]);
        assert_eq!(stage.changes(), Vec::<Value>::new());
        assert_eq!(stage.done(&["list", "-q"]), format!("{id}\n"));
        stage.end();
    }
}

#[test]
fn d02_every_filter_filters() {
    let stage = Stage::new(DO);
    stage.playing.zone("example.com");
    let (one, _) = stage.made("one");
    let (two, _) = stage.made("two");
    assert_eq!(stage.json(&["list", "--id", &one, "-o", "json"]).as_array().unwrap().len(), 1);
    assert_eq!(stage.json(&["list", "--id", "999", "-o", "json"]), json!([]));
    let status = ["status", "--id", &two, "--timeout", "50ms"];
    assert_eq!(stage.done(&status).lines().count(), 1);
    assert_eq!(stage.done(&[&status[..], &["-q"]].concat()), format!("{two}\n"));
    stage.record("example.com", "A", "one", "198.51.100.7");
    stage.record("example.com", "A", "two", "198.51.100.8");
    assert_eq!(stage.done(&["list-domain", "--all", "--name", "two", "example.com"]), "two\tA\t198.51.100.8\n");
    stage.end();
}

#[test]
fn d03_a_list_is_whole_or_an_error() {
    let stage = Stage::new(VULTR);
    stage.put("/_sim/seed", &json!({"count": 600}));
    let all = || stage.machine(&["list", "--all", "-q"]);
    eventually("all to be listed", || all().out().lines().count() == 600);
    let refused = json!({"status": {"code": 403, "body": {"error": "Forbidden", "status": 403}}});
    stage.faults(&json!([{"operation": "list_instances", "when": "before", "skip": 1, "times": 9, "what": refused}]));
    assert!(all().expect(4).stdout.is_empty());
    stage.end();
}

#[test]
fn d04_only_the_machines_own_record_goes_with_it() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.playing.zone("example.com");
        stage.configure(&cloud.config("  dns-zone: example.com\n"));
        // The first of that name is a text.
        stage.record("example.com", "TXT", "host", "kept");
        let id = stage.done(&["--quiet", "create", "-n", "host", "--no-initialize"]);
        stage.machine(&["destroy", "--no-confirm", id.trim_end()]).expect(0);
        let left = stage.done(&["list-domain", "--all", "-m", "*", "-n", "host"]);
        assert!(left.starts_with("host\tTXT\t") && left.lines().count() == 1, "{left}");
        stage.end();
    }
}

#[test]
fn d05_a_name_has_one_address() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.playing.zone("example.com");
        stage.configure(&cloud.config("  dns-zone: example.com\n"));
        let create = ["--quiet", "create", "-n", "host", "--no-initialize"];
        let first = stage.done(&create);
        stage.machine(&["destroy", "--no-confirm", "--no-delete-dns", first.trim_end()]).expect(0);
        let second = stage.done(&create);
        let ip = stage.done(&["ip", second.trim_end()]);
        assert_eq!(stage.done(&["list-domain", "--all", "-n", "host"]), format!("host\tA\t{ip}"));
        // A third of the name, while the second is there, is refused its name and told of.
        let said = stage.machine(&create).expect(5);
        assert!(said.stderr.contains("is still there") && said.stderr.contains("id: "), "{said:?}");
        assert_eq!(stage.done(&["list-domain", "--all", "-n", "host"]), format!("host\tA\t{ip}"));
        stage.end();
    }
}

#[test]
fn d06_the_id_is_known_whatever_comes_of_the_rest() {
    let stage = Stage::new(DO);
    stage.playing.zone("example.com");
    stage.configure(&DO.config("  dns-zone: example.com\n"));
    // Interrupted while it waits.
    stage.faults(&json!([{"operation": "get_droplet", "when": "before", "what": "hold", "times": 100}]));
    let mut command = stage.command(&["create", "--name", "host", "--no-initialize", "-o", "json"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut told = std::io::BufReader::new(child.stderr.take().unwrap());
    let text = read_until(&mut told, "New machine created with id: ");
    let id = text.lines().last().unwrap().rsplit(' ').next().unwrap().to_owned();
    signal(&child, Signal::INT);
    end_of(child).expect(130);
    stage.calm();
    // A list may lag.
    eventually("it to be listed", || stage.done(&["list", "-q"]) == format!("{id}\n"));
    // Refused what comes after.
    let refused = json!({"status": {"code": 422, "body": {"id": "unprocessable_entity", "message": "no"}}});
    stage.faults(&json!([{"operation": "create_record", "when": "before", "what": refused, "times": 9}]));
    let said = stage.machine(&["create", "--name", "other", "--no-initialize", "-o", "json"]);
    stage.calm();
    let id = stage.done(&["list", "-q", "-n", "other"]).trim_end().to_owned();
    assert!(said.code != 0 && said.stderr.contains(&id), "{said:?}");
    stage.end();
}

#[test]
fn d07_nothing_is_waited_for_without_end() {
    let stage = Stage::new(DO);
    stage.made("host");
    let began = Instant::now();
    let status = stage.json(&["status", "--timeout", "300ms", "-o", "json"]);
    assert_eq!(status[0]["cloud-init-status"], "UNKNOWN");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let said = stage.machine(&["wait", "host", "--for", "destroyed", "--timeout", "300ms"]).expect(8);
    assert!(began.elapsed() < Duration::from_secs(12), "{said:?}");
    stage.end();
}

#[test]
fn d08_a_project_is_known_before_anything_is_made() {
    let stage = Stage::new(DO);
    stage.configure(&DO.config("  project: nowhere\n"));
    stage.asked();
    let said = stage.machine(&["create", "--name", "host", "--no-initialize"]).expect(3);
    assert!(said.stderr.contains("nowhere"), "{said:?}");
    assert_eq!((stage.machines(), stage.changes()), (0, Vec::new()));
    stage.end();
}

#[test]
fn d09_what_is_wrong_is_said_in_a_sentence() {
    let home = Home::new();
    let dir = home.path().join("home/.config/machine");
    fs::create_dir_all(&dir).unwrap();
    let file = dir.join("config.yml");
    let said = |text: &str, args: &[&str]| {
        fs::write(&file, text).unwrap();
        let said = finish(home.command(args), b"");
        let errors = said.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert!(said.code > 0 && said.code < 12 && errors == 1, "{text}: {said:?}");
        assert!(!said.stderr.contains("panicked") && !said.stderr.contains("Traceback"), "{said:?}");
        said
    };
    let refused = "digital-ocean: {access-token: x, api-url: 'http://127.0.0.1:1'}\n";
    assert!(said(refused, &["list"]).stderr.contains("cannot be reached"));
    let broken = said("digital-ocean: {access-token: 'x}\n", &["list"]);
    assert!(broken.code == 2 && broken.stderr.contains("line "), "{broken:?}");
    for (text, args) in [
        ("digital-ocean:\n", &["list"][..]),
        ("digital-ocean: 5\n", &["list"]),
        ("machines: []\n", &["types"]),
        ("machines: {web: }\n", &["types"]),
        ("vultr: {api-key: [x]}\n", &["list"]),
    ] {
        said(text, args);
    }
    // An empty file is one that says nothing.
    fs::write(&file, "").unwrap();
    home.machine(["list"]).expect(0);
    fs::write(&file, "machines:\n").unwrap();
    home.machine(["types"]).expect(0);
    let stage = Stage::new(DO);
    let said = stage.machine(&["destroy", "--no-confirm", "999999"]).expect(3);
    assert!(said.stderr.starts_with("error: ") && said.stderr.contains("999999"), "{said:?}");
    let stage_of_vultr = Stage::new(VULTR);
    stage_of_vultr.configure(&VULTR.config("").replace("image: 2284", "image: ubuntu"));
    let said = stage_of_vultr.machine(&["create", "--name", "host", "--no-initialize"]).expect(3);
    assert!(said.stderr.contains("`ubuntu`"), "{said:?}");
    stage.end();
    stage_of_vultr.end();
}

#[test]
fn d10_the_cloud_says_which_regions_there_are() {
    let stage = Stage::new(DO);
    let known = stage.json(&["regions", "-o", "json"]);
    assert!(known.as_array().unwrap().iter().any(|region| region["id"] == "nyc1"), "{known}");
    // One in the file is looked at as well as one of a flag.
    stage.configure(&DO.config("").replace("region: nyc3", "region: nyc33"));
    stage.asked();
    for flags in [&[][..], &["--region", "nyc44"]] {
        let said = stage.machine(&[&["create", "--name", "host", "--no-initialize"], flags].concat()).expect(3);
        assert!(said.stderr.contains("no region is called `nyc"), "{said:?}");
    }
    let asked = stage.asked();
    assert!(operations(&asked).contains(&"list_regions") && asked.iter().all(|asked| asked["method"] == "GET"));
    // As the older tool takes it: upper case is the same region.
    let body = {
        stage.machine(&["create", "--name", "host", "--no-initialize", "--region", "NYC1"]).expect(0);
        stage.creation()
    };
    assert_eq!(body["region"], "nyc1");
    stage.end();
}
