//! `check`, `info`, and what is said of a credential.

use serde_json::{Value, json};

use crate::stage::{CLIENT, CLOUDS, DO, Stage};

#[test]
fn check_order_and_exit() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let title = if cloud.section == "vultr" { "Vultr" } else { "DigitalOcean" };
        stage.playing.zone("example.com");
        let project = if cloud.section == "vultr" { "" } else { "  project: blue\n" };
        let more = format!("  dns-zone: example.com\n{project}");
        if !project.is_empty() {
            stage.put("/v2/projects", &json!({"name": "blue", "purpose": "x"}));
        }
        stage.configure(&cloud.config(&more).replace("ssh-key: laptop", "ssh-key: [laptop, ci]"));
        let words = |text: &str| {
            let cut = |line: &str| line.split(" (").next().unwrap().to_owned();
            text.lines().filter(|line| line.starts_with("  ")).map(cut).collect::<Vec<_>>()
        };
        let text = stage.done(&["check"]);
        assert!(text.starts_with(&format!("Checking config for provider: {title}\n")), "{text}");
        assert!(text.ends_with("\n\nAll checks passed.\n"), "{text}");
        let project = if project.is_empty() { "  SKIP: Project" } else { "  PASS: Project" };
        let all = [
            "  PASS: API authentication",
            "  PASS: SSH key",
            "  PASS: SSH key",
            "  PASS: DNS zone",
            project,
            "  PASS: Region",
            "  PASS: Image",
            "  PASS: Machines",
        ];
        assert_eq!(words(&text), all);
        let shown = stage.json(&["check", "-o", "json"]);
        assert_eq!((&shown["passed"], &shown["checks"][1]["what"]), (&json!(true), &json!("SSH key")));
        assert_eq!(shown["checks"].as_array().unwrap().len(), all.len());

        for (from, to, line) in [
            ("ssh-key: laptop", "ssh-key: [laptop, ic]", "  FAIL: SSH key (SSH key 'ic' not found"),
            ("dns-zone: example.com", "dns-zone: missing.org", "  FAIL: DNS zone (DNS zone `missing.org` not found"),
            ("project: blue", "project: bleu", "  FAIL: Project (no project is called `bleu`; did you mean `blue`?)"),
            ("region: nyc3", "region: nyc4", "  FAIL: Region (no region is called `nyc4`"),
            ("region: ewr", "region: ewe", "  FAIL: Region (no region is called `ewe`"),
        ] {
            let config = cloud.config(&more);
            if !config.contains(from) {
                continue;
            }
            stage.configure(&config.replace(from, to));
            let said = stage.machine(&["check"]).expect(1);
            assert!(said.out().contains(line) && said.out().ends_with("\n\nSome checks failed.\n"), "{line}: {said:?}");
            assert_eq!(said.out().matches("FAIL").count(), 1, "{said:?}");
        }
        // Nothing is configured, and nothing is wrong with that. An image is never a failure.
        stage.configure(&cloud.config("").replace("  ssh-key: laptop\n", "").replace("image: ", "image: 99"));
        let text = stage.done(&["check"]);
        assert_eq!(text.matches("SKIP").count(), 4, "{text}");

        stage.configure(&cloud.config("").replace("${TOKEN}", "bad-token"));
        let said = stage.machine(&["check"]).expect(4);
        assert!(said.out().contains("\n  FAIL: API authentication ("), "{said:?}");
        assert!(said.out().ends_with("\n\nAPI authentication failed, skipping remaining checks.\n"), "{said:?}");
        let shown: Value = serde_json::from_slice(&stage.machine(&["check", "-o", "json"]).expect(4).stdout).unwrap();
        assert_eq!((&shown["passed"], &shown["checks"][0]["outcome"]), (&json!(false), &json!("fail")));
        stage.end();
    }
}

#[test]
fn info() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        let file = stage.config_dir().join("config.yml");
        let config = cloud.config("");
        let text = stage.done(&["info"]);
        let written = format!(
            "Config file: {}\n\nConfig file contents:\n{config}\nSession ID file: {}\nSession ID: {CLIENT}\n\n\
             Supported providers: local, fly, digitalocean, vultr\nActive provider: {}\n\n",
            file.display(),
            stage.config_dir().join("session-id.yml").display(),
            cloud.section
        );
        assert!(text.starts_with(&written), "{text}\n---\n{written}");
        let shown = stage.json(&["info", "-o", "json"]);
        assert_eq!((&shown["config"], &shown["session_id"]), (&json!(config), &json!(CLIENT)));
        // A secret that stands in the file itself is hidden, and all else is as it is written.
        stage.configure(&(config.replace("${TOKEN}", "simulated # mine") + "# end\n"));
        let text = stage.done(&["info"]);
        assert!(!text.contains("simulated"), "{text}");
        assert!(text.contains(&format!("  {}: (hidden) # mine\n  ssh-key: laptop\n", cloud.credential)), "{text}");
        stage.end();
    }
}

#[test]
fn auth_error() {
    for cloud in CLOUDS {
        let stage = Stage::new(cloud);
        for (token, create) in [("bad-token", false), ("forbidden", false), ("bad-token", true)] {
            stage.configure(&cloud.config("").replace("${TOKEN}", token));
            let args: &[&str] = if create { &["create", "-n", "host", "-m", "box"] } else { &["list"] };
            let said = stage.machine(args).expect(4);
            let (error, hint) = (said.stderr.lines().next().unwrap(), said.stderr.contains("\nhint: "));
            assert!(error.starts_with("error: ") && hint && !said.stderr.contains(token), "{said:?}");
        }
        stage.end();
    }
}

#[test]
fn debug() {
    let stage = Stage::new(DO);
    // Another token is another account, which has no keys.
    stage.configure(&DO.config("").replace("${TOKEN}", "hunter2-token").replace("  ssh-key: laptop\n", ""));
    let said = stage.machine(&["--debug", "create", "-n", "host", "-m", "box", "-o", "json"]).expect(0);
    serde_json::from_str::<Value>(&said.out()).unwrap();
    for part in ["POST", "/v2/droplets", "\"create\""] {
        assert!(said.stderr.contains(part), "{part}: {said:?}");
    }
    for secret in ["hunter2", "PRIVATE KEY"] {
        assert!(!said.stderr.contains(secret), "{secret}: {said:?}");
    }
    stage.end();
}
