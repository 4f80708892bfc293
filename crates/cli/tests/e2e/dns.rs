//! `machine domains` and `machine list-domain`.

use serde_json::{Value, json};

use crate::playing::Playing;
use crate::support::Home;

/// The clouds that host DNS.
const CLOUDS: [&str; 2] = ["digitalocean", "vultr"];

fn made(cloud: &Playing, home: &Home, name: &str) -> (String, String) {
    let (code, text) = cloud.machine(home, &["-q", "create", name]);
    assert_eq!(code, 0, "{text}");
    let (code, ip) = cloud.machine(home, &["ip", name]);
    assert_eq!(code, 0, "{ip}");
    (text.lines().next().unwrap().to_owned(), ip.trim_end().to_owned())
}

#[test]
fn zones_and_their_records_are_listed() {
    for name in CLOUDS {
        let home = Home::new();
        let cloud = Playing::begin(&home, name, &["--no-machines", "--speed", "60"]);
        let run = |args: &[&str]| cloud.machine(&home, args);
        assert_eq!(cloud.json(&home, &["domains", "-o", "json"]), json!([]));
        cloud.zone("example.org");
        cloud.zone("example.com");
        assert_eq!(run(&["domains"]), (0, "example.com\nexample.org\n".to_owned()));
        assert_eq!(cloud.json(&home, &["domains", "-o", "json"]), json!(["example.com", "example.org"]));

        let (id, ip) = made(&cloud, &home, "web-1");
        let add = |args: &[&str]| {
            let (code, text) = run(&[&["domains", "add-record", "example.com"][..], args].concat());
            assert_eq!(code, 0, "{args:?}: {text}");
            text.trim_end().to_owned()
        };
        let record = add(&["web-1", "A", &ip, "--ttl", "5m"]);
        add(&["web-1", "TXT", "made by hand"]);
        add(&["far", "a", "198.51.100.7"]);
        add(&["@", "A", "198.51.100.8"]);
        let (code, text) = run(&["domains", "add-record", "example.com", "far", "A", "198.51.100.7"]);
        assert!(code == 5 && text.contains("is there already"), "{code}: {text}");

        // Only what says the address of a machine that is ours.
        let list = |args: &[&str]| run(&[&["list-domain", "example.com"][..], args].concat());
        assert_eq!(list(&[]), (0, format!("web-1\tA\t{ip}\n")));
        let elsewhere = Home::new();
        assert_eq!(cloud.machine(&elsewhere, &["list-domain", "example.com"]), (0, String::new()));
        assert_eq!(list(&["--all"]).1, format!("@\tA\t198.51.100.8\nfar\tA\t198.51.100.7\nweb-1\tA\t{ip}\n"));
        assert_eq!(list(&["--all", "-q"]).1, "@\nfar\nweb-1\n");
        assert_eq!(list(&["--all", "-m", "TXT"]).1, "web-1\tTXT\tmade by hand\n");
        assert!(list(&["--all", "-m", "*"]).1.contains("\tNS\t"));
        // A name is a filter.
        assert_eq!(list(&["--all", "-n", "far"]).1, "far\tA\t198.51.100.7\n");
        assert_eq!(list(&["--all", "-n", "far.example.com", "-m", "*"]).1, "far\tA\t198.51.100.7\n");
        assert_eq!(list(&["--all", "-n", "@"]).1, "@\tA\t198.51.100.8\n");
        assert_eq!(list(&["-n", "nobody"]), (0, String::new()));

        let shown = cloud.json(&home, &["list-domain", "example.com", "--all", "-o", "json"]);
        assert_eq!(shown[1]["machine"], Value::Null);
        let ours = &shown[2];
        assert_eq!((&ours["machine"]["id"], &ours["machine"]["ip"]), (&json!(id), &json!(ip)));
        let (_, text) = list(&["-o", "json"]);
        let places = ["id", "machine", "name", "fqdn", "zone", "data", "ttl", "type"]
            .map(|key| text.find(&format!("\n    \"{key}\":")).unwrap_or_else(|| panic!("no {key} in {text}")));
        assert!(places.is_sorted(), "{text}");
        let flat = json!({"id": record, "name": "web-1", "fqdn": "web-1.example.com", "zone": "example.com", "data": ip,
            "ttl": 300, "type": "A", "machine": ours["machine"]});
        assert_eq!(ours, &flat);

        let (code, text) = run(&["domains", "remove-record", "example.com", "web-1", "TXT"]);
        assert!(code == 1 && text.contains("Type YES"), "{code}: {text}");
        assert_eq!(run(&["domains", "remove-record", "--yes", "example.com", "web-1", "TXT"]).0, 0);
        assert_eq!(list(&["--all", "-m", "TXT"]).1, "");
        let (code, text) = run(&["domains", "remove-record", "--yes", "example.com", "far", "A", "198.51.100.9"]);
        assert!(code == 3 && text.contains("it says 198.51.100.7"), "{code}: {text}");
        assert_eq!(run(&["domains", "remove-record", "--yes", "example.com", "far", "A", "198.51.100.7"]).0, 0);
        assert_eq!(list(&["--all", "-n", "far"]).1, "");
        cloud.end();
    }
}

#[test]
fn a_zone_is_named_or_configured_and_has_to_be_there() {
    let home = Home::new();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines", "--speed", "60"]);
    cloud.zone("example.com");
    let (code, text) = cloud.machine(&home, &["list-domain"]);
    assert!(
        code == 2 && text.contains("error: no DNS zone specified") && text.contains("`dns-zone`"),
        "{code}: {text}"
    );
    let (code, text) = cloud.machine(&home, &["list-domain", "example.co"]);
    assert!(code == 3 && text.contains("example.co"), "{code}: {text}");
    let (code, text) = cloud.machine(&home, &["domains", "add-record", "example.co", "a", "A", "192.0.2.1"]);
    assert!(code == 3 && text.contains("not found") && text.contains("did you mean example.com?"), "{code}: {text}");

    std::fs::write(home.path().join("config.yml"), "digital-ocean:\n  dns-zone: Example.com.\n").unwrap();
    let configured = |args: &[&str]| {
        let args = [&["--config-file", "config.yml", "--provider", "digital-ocean"][..], args].concat();
        cloud.machine(&home, &args)
    };
    assert_eq!(configured(&["domains", "add-record", "example.com", "a", "A", "192.0.2.1"]).0, 0);
    assert_eq!(configured(&["list-domain", "--all"]), (0, "a\tA\t192.0.2.1\n".to_owned()));
    cloud.end();
}

#[test]
fn where_no_dns_is_hosted_it_is_refused() {
    let home = Home::new();
    let fly = Playing::begin(&home, "fly", &["--no-machines", "--speed", "60"]);
    for args in [&["domains"][..], &["list-domain", "example.com"], &["domains", "add-name", "web-1", "example.com"]] {
        let (code, text) = fly.machine(&home, args);
        assert!(code == 2 && text.contains("it hosts no DNS zones"), "{args:?}: {code}: {text}");
        assert!(home.machine(args).expect(2).stderr.contains("it hosts no DNS zones"), "{args:?}");
    }
    fly.end();
}
