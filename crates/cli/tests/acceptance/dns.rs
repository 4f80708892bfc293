//! Zones, projects and keys, as scripts take their lines apart.

use std::process::Command;

use serde_json::json;

use crate::stage::{CLOUDS, Stage};
use crate::support::finish;

#[test]
fn domains_projects_ssh_keys() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        stage.playing.zone("example.org");
        stage.playing.zone("example.com");
        assert_eq!(stage.done(&["domains"]), "example.com\nexample.org\n");
        assert_eq!(stage.json(&["domains", "-o", "json"]), json!(["example.com", "example.org"]));
        if cloud.section == "vultr" {
            let said = stage.machine(&["projects"]).expect(0);
            assert!(said.stdout.is_empty() && said.stderr.contains("has no projects"), "{said:?}");
            assert_eq!(stage.json(&["projects", "-o", "json"]), json!([]));
        } else {
            stage.put("/v2/projects", &json!({"name": "blue", "purpose": "x"}));
            assert!(stage.done(&["projects"]).lines().any(|name| name == "blue"));
        }
        // As a script finds the key whose fingerprint is that of a file.
        let script = r#"
            set -e
            printf '%s\n' "$KEY" > key.pub
            wanted=$(ssh-keygen -E md5 -lf key.pub | awk '{print $2}' | sed 's/^MD5://')
            machine ssh-keys | awk -v fp="($wanted)" '$NF == fp { sub(/:$/, "", $1); print $1 " " $2 }'
        "#;
        let mut command = shell(&stage, script);
        command.env("KEY", crate::stage::KEYS[0]);
        let out = finish(command, b"").expect(0).out();
        assert!(out.ends_with(" laptop\n") && out.lines().count() == 1, "{out}");
        stage.end();
    }
}

/// A script that finds `machine` on its path, with the home and the cloud of the stage.
pub(crate) fn shell(stage: &Stage, script: &str) -> Command {
    let bin = stage.home.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let link = bin.join("machine");
    if !link.exists() {
        std::os::unix::fs::symlink(crate::support::program(), &link).unwrap();
    }
    let model = stage.command(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(stage.home.path()).stdin(std::process::Stdio::null());
    for (name, value) in model.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", bin.display()));
    command
}
