use machine_config::Scalar;

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
