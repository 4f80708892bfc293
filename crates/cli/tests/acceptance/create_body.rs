//! What a machine is created with: as the older tool asks for it, but for our markers and what lets us in.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::stage::{CLIENT, CLOUDS, Cloud, DO, KEYS, Stage, VULTR};

/// What user data has of ours: the first host key, whom it lets in for `machine ssh`, and that no password of root's expires.
const OURS: [&str; 3] = ["ssh_keys", "ssh_authorized_keys", "chpasswd"];

/// What we say of an instance that the older tool leaves to Vultr.
const MORE_AT_VULTR: [&str; 2] = ["enable_ipv6", "activation_email"];

/// The user data as data, without what is ours of it.
fn user_data(cloud: Cloud, body: &Value) -> Value {
    let text = body["user_data"].as_str().unwrap();
    let text = match cloud.section {
        "vultr" => String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap(),
        _ => text.to_owned(),
    };
    assert!(text.starts_with("#cloud-config\n"), "{text}");
    let mut read: Value = serde_yaml::from_str(&text).unwrap();
    let top = read.as_object_mut().unwrap();
    top.retain(|key, _| !OURS.contains(&key.as_str()));
    read
}

/// The tags that are not our markers.
fn tags(body: &Value) -> Vec<&str> {
    let tags: Vec<_> = body["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    let ours = tags.iter().position(|tag| tag.starts_with("machine:owner:")).unwrap();
    assert!(tags[ours..].iter().all(|tag| tag.starts_with("machine:owner:") || tag.starts_with("machine:intent:")));
    tags[..ours].to_vec()
}

/// The body without user data and tags, and without what says no more than that it is not there.
fn plain(body: &Value) -> Value {
    let mut body = body.clone();
    let says_nothing = |value: &Value| value.is_null() || *value == json!(false) || *value == json!([]);
    let apart = |key: &str| key == "user_data" || key == "tags" || MORE_AT_VULTR.contains(&key);
    body.as_object_mut().unwrap().retain(|key, value| !apart(key) && !says_nothing(value));
    body
}

fn account(user: &str, keys: &[&str]) -> Value {
    json!({"name": user, "groups": "sudo", "shell": "/bin/bash", "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
        "ssh-authorized-keys": keys})
}

/// What one `create` with these flags asks for.
#[track_caller]
fn asked(stage: &Stage, flags: &[&str]) -> Value {
    stage.asked();
    stage.machine(&[&["create", "--name", "host"], flags].concat()).expect(0);
    stage.creation()
}

fn key_ids(stage: &Stage) -> Vec<Value> {
    let (path, list) =
        if stage.cloud.section == "vultr" { ("/v2/ssh-keys", "ssh_keys") } else { ("/v2/account/keys", "ssh_keys") };
    let keys = stage.ask("GET", path, &Value::Null);
    let id = |name: &str| keys[list].as_array().unwrap().iter().find(|key| key["name"] == name).unwrap()["id"].clone();
    vec![id("laptop"), id("ci")]
}

#[test]
fn create_body_digitalocean() {
    let stage = Stage::new(DO);
    stage.configure(&DO.config("").replace("ssh-key: laptop", "ssh-key: [laptop, ci]"));
    let body = asked(&stage, &["--type", "box"]);
    let expected = json!({"name": "host", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3",
        "ssh_keys": key_ids(&stage), "backups": false, "ipv6": false, "private_networking": false, "volumes": [],
        "monitoring": false, "vpc_uuid": null});
    assert_eq!(plain(&body), plain(&expected));
    assert_eq!(user_data(DO, &body), json!({"users": [account("ops", &KEYS)]}));
    // Where nothing is set up, only what lets us in is left.
    let body = asked(&stage, &["--no-initialize"]);
    assert_eq!((plain(&body), user_data(DO, &body)), (plain(&expected), json!({})));
    stage.end();
}

#[test]
fn create_body_vultr() {
    let stage = Stage::new(VULTR);
    let body = asked(&stage, &["--type", "box"]);
    let expected = json!({"region": "ewr", "plan": "vc2-1c-1gb", "os_id": 2284, "label": "host", "hostname": "host",
        "sshkey_id": [key_ids(&stage)[0]], "backups": "disabled"});
    assert_eq!(plain(&body), expected);
    assert_eq!(user_data(VULTR, &body), json!({"users": [account("ops", &KEYS[..1])]}));
    stage.end();
}

#[test]
fn user_data_of_the_three_examples() {
    let machines = "\
machines:
  one: {new-user-name: ops}
  two:
    new-user-name: deploy
    script-url: https://s/x.sh
    script-dir: /opt/d
    script-path: /opt/d/x.sh
    script-args: \"-y --pw 'a b' $MACHINE_FQDN\"
  three:
    new-user-name: deploy
    script-url: https://s/x.sh
    script-dir: /opt/d
    script-path: /opt/d/x.sh
    script-args: [\"one two\", \"it's $MACHINE_FQDN\", 'say \"hi\"', 5]
";
    let env = |fqdn: &str, args: &str| {
        format!(
            "env MACHINE_SCRIPT_URL='https://s/x.sh' MACHINE_SCRIPT_DIR='/opt/d' MACHINE_FQDN='{fqdn}' /opt/d/x.sh {args}"
        )
    };
    let commands = |command: String| {
        json!([
            "mkdir -p /opt/d",
            "curl -L https://s/x.sh -o /opt/d/x.sh",
            "chmod +x /opt/d/x.sh",
            ["su", "-c", command, "-", "deploy"]
        ])
    };
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let config = |more: &str, keys: &str| {
            let section = cloud.config(more);
            let section = section.split("machines:").next().unwrap();
            stage.configure(&(section.replace("ssh-key: laptop", keys) + machines));
        };
        config("", "ssh-key: laptop");
        let body = asked(&stage, &["--type", "one"]);
        assert_eq!(user_data(cloud, &body), json!({"users": [account("ops", &KEYS[..1])]}));
        let body = asked(&stage, &["--type", "three"]);
        let args = r#"'one two' 'it'"'"'s ' 'say "hi"' 5"#;
        assert_eq!(user_data(cloud, &body)["runcmd"], commands(env("", args)));
        stage.playing.zone("example.com");
        config("  dns-zone: example.com\n", "ssh-key: [laptop, ci]");
        let body = asked(&stage, &["--type", "two"]);
        let read = user_data(cloud, &body);
        assert_eq!(read["runcmd"], commands(env("host.example.com", "-y --pw 'a b' host.example.com")));
        assert_eq!(read["users"], json!([account("deploy", &KEYS)]));
        // The name stands in the variable even where it is not put into the zone.
        let read = user_data(cloud, &asked(&stage, &["--type", "three", "--no-update-dns"]));
        assert!(read["runcmd"][3][2].as_str().unwrap().contains("MACHINE_FQDN='host.example.com'"), "{read}");
        stage.end();
    }
}

#[test]
fn tags_in_order() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let session = format!("machine:session:{CLIENT}");
        let body = asked(&stage, &["--type", "Web", "--tag", "extra"]);
        assert_eq!(tags(&body), [&session, "machine:created", "machine:type:web", "extra"]);
        // The type is told where nothing is set up too, and where none is asked for there is none.
        let body = asked(&stage, &["--type", "Web", "--no-initialize"]);
        assert_eq!(tags(&body), [&session, "machine:created", "machine:type:web"]);
        let body = asked(&stage, &["--no-initialize", "--session-id", "ci-7", "-t", "a", "-t", "b"]);
        assert_eq!(tags(&body), ["machine:session:ci-7", "machine:created", "a", "b"]);
        stage.end();
    }
}

#[test]
fn flag_overrides() {
    for (cloud, flags, expected) in [
        (
            DO,
            ["-r", "ams3", "-s", "s-1vcpu-2gb", "-i", "debian-12-x64"],
            json!({"region": "ams3", "size": "s-1vcpu-2gb", "image": "debian-12-x64"}),
        ),
        (
            VULTR,
            ["--region", "ams", "--machine-size", "vc2-1c-2gb", "--image", "2136"],
            json!({"region": "ams", "plan": "vc2-1c-2gb", "os_id": 2136}),
        ),
    ] {
        let stage = Stage::new(cloud);
        let body = asked(&stage, &[&flags[..], &["--no-initialize"]].concat());
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&body[key], value, "{key}");
        }
        stage.end();
    }
}
