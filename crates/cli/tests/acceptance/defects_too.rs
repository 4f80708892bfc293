//! What the older tool gets wrong, and this one must not: D11 to D20. Each test fails on what that one does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::stage::{CLOUDS, DO, Stage, VULTR, operations};
use crate::support::Home;

#[test]
fn d11_a_client_id_is_a_text() {
    let stage = Stage::new(DO);
    for id in ["1234e678", "00000012", "12e00002"] {
        fs::write(stage.config_dir().join("session-id.yml"), format!("id: {id}\n")).unwrap();
        stage.asked();
        stage.machine(&["create", "-n", "host", "--no-initialize"]).expect(0);
        assert_eq!(stage.creation()["tags"][0], format!("machine:session:{id}"));
    }
    stage.end();
}

#[test]
fn d12_more_words_do_not_go_between_the_data() {
    let stage = Stage::new(DO);
    let said = stage.machine(&["--verbose", "create", "-n", "host", "--no-initialize", "--wait-for-ip", "-o", "json"]);
    let said = said.expect(0);
    let made: Value = serde_json::from_str(&said.out()).unwrap();
    assert_eq!(made["name"], "host");
    assert!(said.stderr.contains("operation=\"create\""), "{said:?}");
    stage.end();
}

#[test]
fn d13_secrets_are_nobodys_to_see() {
    let stage = Stage::new(DO);
    let text = DO.config("").replace("${TOKEN}", "hunter2-token");
    stage.configure(&text);
    for args in [&["info"][..], &["--debug", "list"], &["config", "show"], &["check"], &["--debug", "types"]] {
        let said = stage.machine(args);
        assert!(!said.out().contains("hunter2") && !said.stderr.contains("hunter2"), "{args:?}: {said:?}");
    }
    // What is written is for its user alone.
    let home = Home::new();
    home.machine(["create", "host"]).expect(0);
    let mut command = home.command(["init", "--provider", "vultr", "--token-stdin"]);
    command.stdin(std::process::Stdio::piped()).env("VULTR_API_URL", "http://127.0.0.1:1");
    crate::support::finish(command, b"hunter2").expect(0);
    for file in ["session-id.yml", "config.yml"] {
        let path = home.path().join("home/.config/machine").join(file);
        if let Ok(found) = fs::metadata(&path) {
            assert_eq!(found.permissions().mode() & 0o777, 0o600, "{file}");
        } else {
            assert_eq!(file, "session-id.yml", "a machine of this computer may have no client id");
        }
    }
    home.machine(["--provider", "local", "destroy", "-y", "host"]).expect(0);
    stage.end();
}

#[test]
fn d14_help_needs_no_configuration() {
    let home = Home::new();
    let dir = home.path().join("home/.config/machine");
    for command in ["create", "destroy", "list", "status", "list-domain", "check", "info"] {
        assert!(home.machine([command, "--help"]).expect(0).out().contains("Usage:"));
        assert!(home.machine(["--config-file", "nowhere.yml", command, "--help"]).expect(0).out().contains("Usage:"));
    }
    assert!(!dir.exists());
}

#[test]
fn d15_keys_are_looked_up_once() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.configure(&cloud.config("").replace("ssh-key: laptop", "ssh-key: [laptop, ci]"));
        stage.asked();
        stage.machine(&["create", "-n", "host", "-m", "box"]).expect(0);
        let asked = stage.asked();
        let lists = operations(&asked).iter().filter(|operation| **operation == "list_ssh_keys").count();
        assert_eq!(lists, 1, "{:?}", operations(&asked));
        stage.end();
    }
}

#[test]
fn d16_what_may_be_repeated_is_and_what_creates_is_not() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.made("host");
        let list = if cloud.section == "vultr" { "list_instances" } else { "list_droplets" };
        for code in [429, 503] {
            stage.asked();
            let what = json!({"status": {"code": code, "headers": {"retry-after": "0"}, "body": {"message": "later"}}});
            stage.faults(&json!([{"operation": list, "when": "before", "what": what, "times": 1}]));
            assert_eq!(stage.done(&["list", "-q"]).lines().count(), 1, "{code}");
        }
        // Nobody knows what came of it, so that it is found out and not asked for again.
        stage.asked();
        stage.faults(&json!([{"operation": cloud.create(), "when": "after", "what": "reset", "times": 1}]));
        let said = stage.machine(&["create", "-n", "other", "--no-initialize"]);
        let asked = stage.asked();
        let times = operations(&asked).iter().filter(|operation| **operation == cloud.create()).count();
        assert_eq!(times, 1, "{said:?}");
        stage.calm();
        stage.end();
    }
}

#[test]
fn d17_a_shape_that_nobody_knows_is_refused() {
    let stage = Stage::new(DO);
    for shape in ["xml", "JSON", "jsn"] {
        for command in [&["list"][..], &["create", "-n", "host"], &["status"], &["domains"], &["types"]] {
            stage.machine(&[command, &["-o", shape]].concat()).expect(2);
        }
    }
    assert_eq!(stage.machines(), 0);
    stage.end();
}

#[test]
fn d18_one_that_cannot_be_destroyed_does_not_keep_the_others() {
    let stage = Stage::new(VULTR);
    let ids: Vec<_> = ["one", "two"].iter().map(|name| stage.made(name).0).collect();
    let seeded = stage.put("/_sim/seed", &json!({"count": 1}));
    let foreign = seeded["ids"][0].as_str().unwrap();
    crate::support::eventually("it to be listed", || stage.done(&["list", "--all", "-q"]).lines().count() == 3);
    let said = stage.machine(&["destroy", "--no-confirm", foreign, &ids[0], &ids[1]]).expect(9);
    assert_eq!(said.stderr.matches("error: ").count(), 1, "{said:?}");
    assert!(said.stderr.contains(foreign), "{said:?}");
    assert_eq!(stage.done(&["list", "--all", "-q"]), format!("{foreign}\n"));
    stage.end();
}

#[test]
fn d19_arguments_arrive_as_they_are_written() {
    let stage = Stage::new(DO);
    let args = r#"["a$b", "cost $5", "$$", "\\$X", "back\\slash \\b", "quote' \" quote", "${PASSWORD}", "a: b #c", "yes", "żółw"]"#;
    let url = "https://s/it's.sh";
    let typed = format!(
        "machines:\n  web:\n    new-user-name: yes\n    script-url: \"{url}\"\n    script-dir: /opt/d\n    \
         script-path: /opt/d/x.sh\n    script-args: {args}\n"
    );
    let section = DO.config("");
    stage.configure(&(section.split("machines:").next().unwrap().to_owned() + &typed));
    stage.asked();
    let mut command = stage.command(&["create", "-n", "host", "-m", "web"]);
    command.env("PASSWORD", "p$w'd \"x\"");
    crate::support::finish(command, b"").expect(0);
    let body = stage.creation();
    let read: Value = serde_yaml::from_str(body["user_data"].as_str().unwrap()).unwrap();
    assert_eq!(read["users"][0]["name"], "yes", "it stays a text");
    assert_eq!(read["users"][0]["ssh-authorized-keys"], json!([crate::stage::KEYS[0]]));
    // What the shell makes of the command's words, without the program.
    let command = read["runcmd"][3][2].as_str().unwrap().replace("/opt/d/x.sh ", "printf '%s\\n' ");
    let shell = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    let words = String::from_utf8(shell.stdout).unwrap();
    let expected =
        ["a$b", "cost $5", "$$", "\\$X", "back\\slash \\b", "quote' \" quote", "p$w'd \"x\"", "a: b #c", "yes", "żółw"];
    assert_eq!(words.lines().collect::<Vec<_>>(), expected, "{command}");
    stage.end();
}

#[test]
fn d20_a_name_is_looked_at_before_anything_is_made() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.asked();
        for name in ["bad name_!", "Bad", "-web", "web-", "a_b", &"x".repeat(64), ""] {
            let said = stage.machine(&["create", "--name", name, "--no-initialize"]).expect(2);
            assert!(said.stderr.contains("name"), "{said:?}");
        }
        assert_eq!(stage.asked(), Vec::<Value>::new());
        stage.end();
    }
}
