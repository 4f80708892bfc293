use machine_config::{Scalar, WriteFile};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::*;

const KEY: &str = "ssh-ed25519 AAAA me@h";

fn setup<'a>(fqdn: &'a str, public_keys: &'a [String]) -> Setup<'a> {
    Setup { type_name: "web", fqdn, public_keys, merged: None }
}

fn read(text: &str) -> Value {
    assert!(text.starts_with("#cloud-config\n"), "{text}");
    serde_yaml::from_str(text).unwrap()
}

fn with_script(user: &str, args: ScriptArgs) -> MachineType {
    MachineType {
        new_user_name: Some(user.to_owned()),
        script_url: Some("https://s/x.sh".to_owned()),
        script_dir: Some("/opt/d".to_owned()),
        script_path: Some("/opt/d/x.sh".to_owned()),
        script_args: args,
        ..MachineType::default()
    }
}

#[test]
fn a_user_alone_has_no_commands() {
    let of = MachineType { new_user_name: Some("ops".to_owned()), ..MachineType::default() };
    let read = read(&user_data(&of, setup("", &[KEY.to_owned()])).unwrap());
    let user = json!({"name": "ops", "groups": "sudo", "shell": "/bin/bash", "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
        "ssh-authorized-keys": [KEY]});
    assert_eq!(read, json!({ "users": [user] }));
}

#[test]
fn a_script_is_fetched_and_run_by_the_user() {
    let line = ScriptArgs::Line("-y --pw 'a b' $MACHINE_FQDN".to_owned());
    let of = with_script("deploy", line);
    let made = read(&user_data(&of, setup("h.example.com", &[KEY.to_owned(), "k2".to_owned()])).unwrap());
    assert_eq!(made["users"][0]["ssh-authorized-keys"], json!([KEY, "k2"]));
    assert_eq!(
        made["runcmd"],
        json!([
            "mkdir -p /opt/d",
            "curl -L https://s/x.sh -o /opt/d/x.sh",
            "chmod +x /opt/d/x.sh",
            [
                "su",
                "-c",
                "env MACHINE_SCRIPT_URL='https://s/x.sh' MACHINE_SCRIPT_DIR='/opt/d' \
              MACHINE_FQDN='h.example.com' /opt/d/x.sh -y --pw 'a b' h.example.com",
                "-",
                "deploy"
            ],
        ])
    );
    let text = |text: &str| Scalar::Text(text.to_owned());
    let items = vec![text("one two"), text("it's $MACHINE_FQDN"), text("say \"hi\""), Scalar::Whole(5)];
    let made = read(&user_data(&with_script("deploy", ScriptArgs::List(items)), setup("", &[])).unwrap());
    let command = made["runcmd"][3][2].as_str().unwrap();
    assert!(command.ends_with(r#" MACHINE_FQDN='' /opt/d/x.sh 'one two' 'it'"'"'s ' 'say "hi"' 5"#), "{command}");
}

#[test]
fn a_script_with_a_checksum_is_checked_before_it_may_run() {
    let sum = "a".repeat(64);
    let of = MachineType { script_sha256: Some(sum.clone()), ..with_script("ops", ScriptArgs::default()) };
    let made = read(&user_data(&of, setup("", &[])).unwrap());
    assert_eq!(made["runcmd"][2], json!(format!("echo '{sum}  /opt/d/x.sh' | sha256sum -c || rm -f /opt/d/x.sh")));
    assert!(made["runcmd"][4][2].as_str().unwrap().starts_with("test -e /opt/d/x.sh && exec su -c "));
    let bad = MachineType { script_sha256: Some("no".to_owned()), ..with_script("ops", ScriptArgs::default()) };
    assert!(user_data(&bad, setup("", &[])).unwrap_err().to_string().contains("no SHA-256"));
}

#[test]
fn more_of_the_users_own_comes_together_with_it() {
    let of = MachineType {
        new_user_name: Some("ops".to_owned()),
        packages: vec!["git".to_owned()],
        run: vec!["echo yes".to_owned()],
        ..MachineType::default()
    };
    let own = "#cloud-config\nusers: [default]\nruncmd: [[ls, /]]\ntimezone: UTC\n";
    let made = Setup { merged: Some((own, "the file")), ..setup("", &[]) };
    let read = read(&user_data(&of, made).unwrap());
    assert_eq!((&read["users"][0], &read["users"][1]["name"]), (&json!("default"), &json!("ops")));
    assert_eq!(read["runcmd"], json!([["ls", "/"], "echo yes"]));
    assert_eq!((&read["timezone"], &read["packages"]), (&json!("UTC"), &json!(["git"])));
    for (own, why) in [
        ("#!/bin/sh\n", "#cloud-config"),
        ("#cloud-config\nruncmd: 5\n", "no list"),
        ("#cloud-config\n- a\n", "mapping"),
    ] {
        let merged = Setup { merged: Some((own, "the file")), ..setup("", &[]) };
        assert!(user_data(&of, merged).unwrap_err().to_string().contains(why), "{own}");
    }
}

#[test]
fn without_a_user_it_is_refused() {
    let error = user_data(&MachineType::default(), setup("", &[])).unwrap_err();
    assert!(error.to_string().contains("'new-user-name' not found in 'machines.web'"), "{error}");
}

/// Texts that some reader of YAML takes for something else.
const TRAPS: &[&str] = &[
    "yes",
    "no",
    "on",
    "off",
    "~",
    "null",
    "1e3",
    "0o7",
    "0x1f",
    "1_000",
    "2020-01-01",
    "12:30:45",
    "a: b",
    "a #b",
    "- a",
    "*a",
    "&a",
    "!!x",
    "%x",
    "@x",
    "`x",
    "'",
    "\"",
    "\\b",
    "$HOME",
    "${A}",
    "{a}",
    "[a]",
    "żółw",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\t",
    " lead",
    "trail ",
    "",
    "=",
    "<<",
    "|",
    ">",
    "?",
    "a\nb\n",
    "\r\n",
    "\u{1f600}",
    "---",
    "...",
];

fn any_text() -> impl Strategy<Value = String> {
    let trap = || proptest::sample::select(TRAPS).prop_map(str::to_owned);
    prop_oneof![trap(), (trap(), trap()).prop_map(|(one, two)| one + &two), any::<String>()]
}

/// User data of a type that is made of such texts, and what it says.
fn any_user_data() -> impl Strategy<Value = (String, Value)> {
    let texts = || proptest::collection::vec(any_text(), 0..4);
    let filled = any_text().prop_filter("a user has a name", |name| !name.is_empty());
    (filled, texts(), texts(), texts(), texts()).prop_map(|(user, keys, packages, run, args)| {
        let file = |content: &String| WriteFile {
            path: "/etc/motd".to_owned(),
            content: content.clone(),
            permissions: None,
            owner: None,
        };
        let of = MachineType {
            packages: packages.clone(),
            write_files: run.iter().map(file).collect(),
            run: run.clone(),
            ..with_script(&user, ScriptArgs::List(args.into_iter().map(Scalar::Text).collect()))
        };
        let written = user_data(&of, setup("h.example.com", &keys)).unwrap();
        let mut commands = script(&of, &user, "h.example.com", "machines.web").unwrap();
        commands.extend(run.iter().map(|command| json!(command)));
        let keys: Vec<_> = keys.iter().map(|key| key.trim()).collect();
        let mut says = json!({
            "users": [{"name": user, "groups": "sudo", "shell": "/bin/bash", "sudo": ["ALL=(ALL) NOPASSWD:ALL"],
                "ssh-authorized-keys": keys}],
            "runcmd": commands,
        });
        if !packages.is_empty() {
            says["packages"] = json!(packages);
        }
        if !run.is_empty() {
            says["write_files"] = run.iter().map(|content| json!({"path": "/etc/motd", "content": content})).collect();
        }
        (written, says)
    })
}

/// A Python that has what cloud-init reads YAML with, version 1.1; none where this computer has none and need not.
fn python() -> Option<&'static str> {
    let has = |python: &&str| {
        let has =
            std::process::Command::new(python).args(["-c", "import yaml"]).stderr(std::process::Stdio::null()).status();
        has.is_ok_and(|status| status.success())
    };
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has);
    assert!(
        found.is_some() || std::env::var_os("MACHINE_REQUIRE").is_none(),
        "there is no PyYAML: install python3-yaml"
    );
    found
}

#[test]
fn whatever_is_in_it_both_versions_of_yaml_read_what_was_meant() {
    let mut runner = TestRunner::deterministic();
    let made: Vec<_> = (0..300).map(|_| any_user_data().new_tree(&mut runner).unwrap().current()).collect();
    for (written, says) in &made {
        assert_eq!(&read(written), says, "{written}");
    }
    let Some(python) = python() else { return };
    let program = "import json, sys, yaml\nprint(json.dumps([yaml.safe_load(text) for text in json.load(sys.stdin)]))";
    let mut child = std::process::Command::new(python);
    let mut child = child
        .args(["-c", program])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let documents: Vec<_> = made.iter().map(|(written, _)| written).collect();
    // It reads all of it before it writes.
    serde_json::to_writer(child.stdin.take().unwrap(), &documents).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all.len(), made.len());
    for ((written, says), found) in made.iter().zip(all) {
        assert_eq!(&found, says, "{written}");
    }
}
