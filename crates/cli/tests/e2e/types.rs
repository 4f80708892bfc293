//! Machines made by a type of the configuration, as scripts of the older tool of this name make them.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::playing::Playing;
use crate::support::Home;

const CONFIG: &str = "\
digital-ocean:
  ssh-key: laptop
  machine-size: s-1vcpu-1gb
  image: debian-12-x64
  region: nyc3
machines:
  Web:
    new-user-name: deploy
    script-url: https://example.com/x.sh
    script-dir: /opt/d
    script-path: /opt/d/x.sh
    script-args: ['one two', $MACHINE_FQDN]
  box: {new-user-name: ops, machine-size: s-2vcpu-2gb, ttl: none}
";

/// It is called as in the file.
const OUR_SECTION: &[(&str, &str)] = &[("MACHINE_PROVIDER", "digital-ocean")];

/// A home with that configuration, and a cloud with the key that it names.
fn begin() -> (Home, Playing) {
    let home = Home::new();
    let config = home.path().join("home/.config/machine");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.yml"), CONFIG).unwrap();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    let key = r#"{"name":"laptop","public_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me: here #1"}"#;
    let answer = cloud.ask("POST", "/v2/account/keys", key);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    (home, cloud)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn create_list_status_destroy() {
    let (home, cloud) = begin();
    let run = |args: &[&str]| cloud.apart(&home, OUR_SECTION, args);
    let (code, out, err) = run(&["create", "--name", "host-1", "--type", "Web", "--tag", "extra", "--wait-for-ip"]);
    assert_eq!(code, 0, "{err}");
    let id = out.strip_prefix("New machine created with id: ").unwrap().trim_end().to_owned();
    assert!(err.contains("IP Address: "), "{err}");

    let droplets = cloud.ask("GET", "/v2/droplets", "");
    let client = std::fs::read_to_string(home.path().join("home/.config/machine/session-id.yml")).unwrap();
    let client = client.trim().strip_prefix("id: ").unwrap();
    assert!(client.len() == 8 && client.bytes().all(|digit| digit.is_ascii_hexdigit()), "{client}");
    let tags =
        format!(r#""tags":["machine:session:{client}","machine:created","machine:type:web","extra","machine:owner:"#);
    assert!(droplets.replace(": ", ":").replace(", ", ",").contains(&tags), "{tags} is not in {droplets}");

    let listed = json(&run(&["list", "--name", "host-1", "--output", "json"]).1);
    assert_eq!(listed[0]["id"], id.as_str());
    assert_eq!((&listed[0]["type"], &listed[0]["region"]), (&Value::from("web"), &Value::from("nyc3")));
    assert_eq!(listed[0]["tags"].as_array().unwrap().len(), 4, "ours are none of the user's");
    let ip = listed[0]["ip"].as_str().unwrap();
    assert_eq!(run(&["list"]).1, format!("host-1 ({id}, nyc3, web): {ip}\n"));
    assert_eq!(run(&["list", "-q", "--id", &id]).1, format!("{id}\n"));
    for nothing in [&["--id", "1"][..], &["--tag", "other"], &["--type", "box"], &["--region", "ams3"], &["-n", "host"]]
    {
        assert_eq!(json(&run(&[&["list", "-o", "json"], nothing].concat()).1), json("[]"), "{nothing:?}");
    }
    assert_eq!(run(&["list", "--type", "WEB", "--tag", "extra", "-r", "nyc3", "-q"]).1, format!("{id}\n"));
    let status = run(&["status", "--id", &id, "--timeout", "100ms"]);
    assert_eq!(status.1, format!("host-1 ({id}):\tmachine-status=active\tcloud-init-status=UNKNOWN\n"));
    let status = json(&run(&["status", "--status-check", "ready", "--timeout", "100ms", "-o", "json"]).1);
    assert_eq!((&status[0]["machine-status"], &status[0]["ready"]), (&Value::from("active"), &Value::from("UNKNOWN")));

    let another = ["--session-id", "someone-else"];
    assert_eq!(json(&run(&[&another[..], &["list", "-o", "json"]].concat()).1), json("[]"));
    let (code, _, err) = run(&[&another[..], &["destroy", "--no-confirm", &id]].concat());
    assert!(code == 5 && err.contains("created by a different session"), "{code}: {err}");
    assert_eq!(run(&["destroy", "--no-confirm", &id]).0, 0);
    assert_eq!(json(&run(&["list", "--all", "-o", "json"]).1), json("[]"));
    cloud.end();
}

#[test]
fn a_type_says_how_big_and_what_it_is_set_up_by() {
    let (home, cloud) = begin();
    let run = |args: &[&str]| cloud.apart(&home, OUR_SECTION, args);
    assert_eq!(run(&["types"]).1, "Web\nbox\n");
    let (code, out, err) = run(&["create", "-n", "one", "-m", "box", "-o", "json"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("New machine created with id: "), "whoever reads JSON knows the id at once: {err}");
    let made = json(&out);
    assert_eq!((&made["name"], &made["type"], &made["size"]), (&"one".into(), &"box".into(), &"s-2vcpu-2gb".into()));
    let (code, _, err) = run(&["create", "-n", "two", "-m", "bxo"]);
    assert!(code == 3 && err.contains("machine type `bxo` not found") && err.contains("`box`"), "{code}: {err}");
    let (code, _, err) = run(&["create", "-n", "two", "-m", "box", "--ssh-key", "lost"]);
    assert!(code == 3 && err.contains("SSH key 'lost' not found in DigitalOcean"), "{code}: {err}");
    assert_eq!(run(&["list", "-q"]).1.lines().count(), 1, "nothing was made by what was refused");
    cloud.end();
}

#[test]
fn the_client_id_is_written_once_and_for_its_user() {
    let (home, cloud) = begin();
    assert_eq!(cloud.apart(&home, OUR_SECTION, &["list"]).0, 0);
    let file = home.path().join("home/.config/machine/session-id.yml");
    assert!(!file.exists(), "looking makes nothing");
    std::fs::write(&file, "id: 1234e678\n").unwrap();
    assert_eq!(cloud.apart(&home, OUR_SECTION, &["create", "-n", "one", "--no-initialize"]).0, 0);
    assert!(cloud.ask("GET", "/v2/droplets", "").contains("machine:session:1234e678"));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(cloud.apart(&home, OUR_SECTION, &["create", "-n", "two", "--no-initialize"]).0, 0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    cloud.end();
}

#[test]
fn a_machine_has_its_name_in_the_zone_for_as_long_as_it_is_there() {
    let (home, cloud) = begin();
    let config = CONFIG.replace("  region: nyc3\n", "  region: nyc3\n  dns-zone: example.com\n");
    std::fs::write(home.path().join("home/.config/machine/config.yml"), config).unwrap();
    let run = |args: &[&str]| cloud.apart(&home, OUR_SECTION, args);
    let (code, _, err) = run(&["create", "-n", "web-1", "--no-initialize"]);
    assert!(code == 3 && err.contains("`example.com` not found"), "{code}: {err}");
    assert!(!cloud.ask("GET", "/v2/droplets", "").contains("web-1"), "nothing is made before the zone is known");
    cloud.zone("example.com");
    for other in [r#"{"type":"TXT","name":"web-1","data":"keep"}"#, r#"{"type":"A","name":"web-2","data":"192.0.2.7"}"#]
    {
        cloud.ask("POST", "/v2/domains/example.com/records", other);
    }
    let (code, out, err) = run(&["create", "-n", "web-1", "-m", "Web"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("IP Address: ") && err.contains("DNS: web-1.example.com"), "{err}");
    let id = out.trim_end().rsplit(' ').next().unwrap();
    let records = json(&run(&["list-domain", "-o", "json"]).1);
    assert_eq!((&records[0]["fqdn"], &records[0]["machine"]["id"]), (&"web-1.example.com".into(), &id.into()));
    assert_eq!(records[0]["ttl"], 300);
    assert_eq!(run(&["destroy", "--no-confirm", "--delete-dns", id]).0, 0);
    let left = run(&["list-domain", "-m", "*", "--all", "example.com"]).1;
    assert!(left.contains("web-1\tTXT\tkeep\n") && left.contains("web-2\tA\t192.0.2.7\n"), "{left}");
    assert!(!left.contains("web-1\tA"), "{left}");

    assert_eq!(run(&["create", "-n", "web-3", "--no-initialize"]).0, 0);
    let (code, _, err) = run(&["destroy", "--no-confirm", "--no-delete-dns", "web-3"]);
    assert!(code == 0 && err.contains("kept dns-record example.com/web-3 A "), "{code}: {err}");
    assert!(run(&["list-domain", "--all"]).1.contains("web-3\tA\t"));
    cloud.end();
}
