//! The configuration file: where it is, what is put into it, and what is said of one that is not right.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::stage::{CLOUDS, DO, Stage, VULTR};
use crate::support::{Home, Said, finish};

/// A home with that text as its file, and `machine` in it with these variables.
fn home_with(text: &str) -> Home {
    let home = Home::new();
    let dir = home.path().join("home/.config/machine");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("config.yml"), text).unwrap();
    home
}

fn run(home: &Home, variables: &[(&str, &str)], args: &[&str]) -> Said {
    let mut command = home.command(args);
    command.envs(variables.iter().copied());
    finish(command, b"")
}

#[test]
fn config_discovery() {
    let home = Home::new();
    let user = home.path().join("home");
    let types = |args: &[&str]| home.machine([&["types"][..], args].concat()).expect(0);
    fs::create_dir_all(user.join(".machine")).unwrap();
    fs::write(user.join(".machine/config.yml"), "machines: {old: {new-user-name: a}}\n").unwrap();
    let said = types(&[]);
    assert_eq!(said.out(), "old\n");
    assert!(said.stderr.contains("~/.machine") && said.stderr.contains("~/.config/machine"), "{said:?}");
    fs::create_dir_all(user.join(".config/machine")).unwrap();
    fs::write(user.join(".config/machine/config.yml"), "machines: {new: {new-user-name: a}}\n").unwrap();
    let said = types(&[]);
    assert_eq!((said.out(), said.stderr), ("new\n".to_owned(), String::new()));
    fs::write(home.path().join("other.yml"), "machines: {flag: {new-user-name: a}}\n").unwrap();
    assert_eq!(types(&["--config-file", "other.yml"]).out(), "flag\n");
}

#[test]
fn env_substitution() {
    let value = |written: &str, variables: &[(&str, &str)]| {
        let home = home_with(&format!("digital-ocean:\n  access-token: x\n  region: {written}\n"));
        let shown = run(&home, variables, &["config", "show", "-o", "json"]).expect(0).out();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let settings = shown["settings"].as_array().unwrap().clone();
        settings.into_iter().find(|setting| setting["key"] == "region").unwrap()["value"].clone()
    };
    for (written, variables, expected) in [
        ("plain", &[][..], "plain"),
        ("'${A}'", &[("A", "one")], "one"),
        ("x-${A}-y", &[("A", "one")], "x-one-y"),
        ("${A}/${B}", &[("A", "one"), ("B", "two")], "one/two"),
        ("${A:-usual}", &[], "usual"),
        ("${A:-usual}", &[("A", "one")], "one"),
        ("${A:-usual}", &[("A", "")], ""),
        ("\"${A:-}\"", &[], ""),
        ("\"${A}\"", &[("A", "")], ""),
        ("$A", &[("A", "one")], "$A"),
    ] {
        assert_eq!(value(written, variables), expected, "{written}");
    }
    // What is no text stays what it is; what is inside of other things is put in.
    let home = home_with(
        "digital-ocean:\n  access-token: x\n  rate-limit: false\n  dns-zone:\n  ssh-key: ['${A}', 'b-${A}']\n",
    );
    let shown = run(&home, &[("A", "one")], &["config", "show", "-o", "json"]).expect(0).out();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let of = |key: &str| shown["settings"].as_array().unwrap().iter().find(|one| one["key"] == key).cloned().unwrap();
    assert_eq!((&of("rate-limit")["value"], &of("ssh-key[1]")["value"]), (&json!(false), &json!("b-one")));
    // Not set and without a default: named, with its place.
    let home = home_with("digital-ocean:\n  access-token: ${NOWHERE}\n");
    let said = home.machine(["list"]).expect(2);
    assert!(said.stderr.contains("`NOWHERE`") && said.stderr.contains("line 2"), "{said:?}");
    // Arguments of a script are values too.
    let home = home_with("machines: {web: {new-user-name: ops, script-args: [\"${NOWHERE}\"]}}\n");
    assert!(home.machine(["types"]).expect(2).stderr.contains("`NOWHERE`"));
}

#[test]
fn provider_auto_detect() {
    let said = |text: &str| run(&home_with(text), &[("TOKEN", "x")], &["config", "show", "-o", "json"]);
    let chosen = |text: &str| {
        let shown: Value = serde_json::from_str(&said(text).expect(0).out()).unwrap();
        shown["provider"]["name"].as_str().unwrap().to_owned()
    };
    let (one, two) = ("digital-ocean: {access-token: x}\n", "vultr: {api-key: x}\n");
    assert_eq!(chosen(one), "digital-ocean");
    assert_eq!(chosen(&format!("provider: vultr\n{one}{two}")), "vultr");
    // Where the older tool has no provider, ours has this computer.
    assert_eq!(chosen("machines: {}\n"), "local");
    for (text, says) in [
        (format!("{one}{two}"), &["several providers", "digital-ocean, vultr", "provider: "][..]),
        (format!("gcp: {{}}\n{one}"), &["several providers", "gcp"]),
        (format!("provider: skynet\n{one}"), &["no provider `skynet`", "line 1"]),
        ("gcp: {project-id: x}\n".to_owned(), &["no provider for Google Cloud (`gcp`)"]),
        (format!("provider: gcp\n{one}"), &["no provider for Google Cloud (`gcp`)"]),
    ] {
        let said = said(&text).expect(2);
        assert!(says.iter().all(|part| said.stderr.contains(part)), "{text}: {said:?}");
    }
    // Chosen without a section: the account is in the environment, or there is none.
    let said = said(&format!("provider: vultr\n{one}")).expect(0);
    assert!(said.out().contains("\"vultr\""), "{said:?}");
    let home = home_with(&format!("provider: vultr\n{one}"));
    assert!(home.machine(["list"]).expect(4).stderr.contains("there is no API key for Vultr"));
}

#[test]
fn required_keys() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let config = cloud.config("");
        let without = |key: &str| {
            let lines = config.lines().filter(|line| !line.trim_start().starts_with(&format!("{key}:")));
            stage.configure(&(lines.collect::<Vec<_>>().join("\n") + "\n"));
        };
        without(cloud.credential);
        let said = stage.machine(&["create", "-n", "host", "-m", "Web"]).expect(4);
        assert!(said.stderr.contains(cloud.credential), "{said:?}");
        stage.configure(&config.replace("new-user-name", "new-user"));
        let said = stage.machine(&["create", "-n", "host", "-m", "Web"]).expect(2);
        assert!(said.stderr.contains("new-user-name"), "{said:?}");
        stage.configure(config.split("machines:").next().unwrap());
        let said = stage.machine(&["create", "-n", "host", "-m", "Web"]).expect(3);
        assert!(said.stderr.contains("`Web`") && said.stderr.contains("machines"), "{said:?}");
        assert_eq!(stage.machines(), 0);
        // What has a default here need not be there, and every file that has it is read as it was.
        for key in ["ssh-key", "machine-size", "image", "region"] {
            without(key);
            stage.machine(&["create", "-n", "host", "-m", "Web"]).expect(0);
        }
        stage.end();
    }
}

#[test]
fn ssh_key_list() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let keys = |written: &str| {
            stage.configure(&cloud.config("").replace("ssh-key: laptop", &format!("ssh-key: {written}")));
        };
        for (written, lines) in [
            ("laptop", &["  PASS: SSH key (laptop)"][..]),
            ("[laptop]", &["  PASS: SSH key (laptop)"]),
            ("[ci, laptop]", &["  PASS: SSH key (ci)", "  PASS: SSH key (laptop)"]),
        ] {
            keys(written);
            let said = stage.done(&["check"]);
            let shown: Vec<_> = said.lines().filter(|line| line.contains("SSH key")).collect();
            assert_eq!(shown, lines, "{written}");
        }
        for (written, code) in [("[]", 2), ("{a: b}", 2), ("5", 3)] {
            keys(written);
            let said = stage.machine(&["create", "-n", "host", "-m", "box"]).expect(code);
            assert!(said.stderr.contains(if code == 2 { "ssh-key" } else { "SSH key '5' not found" }), "{said:?}");
        }
        assert_eq!(stage.machines(), 0);
        stage.end();
    }
}

#[test]
fn a_configuration_of_the_older_tool_is_taken_as_it_is() {
    let stage = Stage::new(DO);
    let text = "\
# several accounts, and anchors
provider: work
defaults: &defaults
  ssh-key: laptop
  machine-size: s-1vcpu-1gb
  image: ubuntu-24-04-x64
  region: nyc3
work:
  kind: digital-ocean
  <<: *defaults
  access-token: ${TOKEN}
  unheard-of: 5
vultr:
  api-key: y
  image: 2284
gcp: {project-id: p, credentials-file: ~/x.json}
machines:
  Web: {new-user-name: no, unheard-of: on}
";
    stage.configure(text);
    let said = stage.machine(&["create", "-n", "host", "-m", "Web", "-o", "json"]).expect(0);
    for key in ["unknown key `defaults`", "unknown key `unheard-of` in `work`"] {
        assert!(said.stderr.contains(key), "{key}: {said:?}");
    }
    let body = stage.creation();
    assert!(body["user_data"].as_str().unwrap().contains("\"name\": \"no\""), "{body}");
    stage.end();
}

#[test]
fn a_type_says_more_than_in_the_older_tool() {
    let stage = Stage::new(VULTR);
    stage.done(&["volumes", "create", "data", "--size", "40g"]);
    let file = stage.home.path().join("more.yml");
    fs::write(&file, "#cloud-config\ntimezone: UTC\nruncmd: [[ls, /]]\n").unwrap();
    let section = VULTR.config("");
    let typed = format!(
        "machines:
  db:
    new-user-name: ops
    packages: [git, jq]
    write-files: [{{path: /etc/motd, content: \"hello\\n\", permissions: \"0644\"}}]
    run: [\"echo a: b\"]
    user-data: {}
    volumes: {{data: /srv}}
    machine-size: s-1vcpu-2gb
    region: nyc3
    providers:
      vultr: {{machine-size: vc2-1c-2gb, region: ewr}}
",
        file.display()
    );
    stage.configure(&(section.split("machines:").next().unwrap().to_owned() + &typed));
    stage.asked();
    stage.machine(&["create", "-n", "host", "-m", "db"]).expect(0);
    let asked = stage.asked();
    let of = |operation: &str| asked.iter().find(|asked| asked["operation"] == operation).unwrap();
    let body = &of("create_instance")["body"];
    assert_eq!((&body["plan"], &body["region"]), (&json!("vc2-1c-2gb"), &json!("ewr")));
    assert_eq!(of("attach_block")["method"], "POST");
    let text = BASE64_STANDARD.decode(body["user_data"].as_str().unwrap()).unwrap();
    let read: Value = serde_yaml::from_slice(&text).unwrap();
    assert_eq!((&read["timezone"], &read["packages"]), (&json!("UTC"), &json!(["git", "jq"])));
    assert_eq!(read["write_files"][0]["content"], "hello\n");
    assert_eq!(read["runcmd"], json!([["ls", "/"], "echo a: b"]));
    stage.end();
}
