//! How long a machine may stay: who says it, and what is said about it.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::playing::Playing;
use crate::support::{Home, Said, finish};

/// How long after it was asked for a machine must be gone.
fn span(home: &Home, name: &str) -> Option<SignedDuration> {
    let lines: Value =
        serde_json::from_slice(&home.machine(["ledger", "show", name, "-o", "json"]).expect(0).stdout).unwrap();
    let time = |key: &str| lines[0][key].as_str().map(|text| text.parse::<Timestamp>().unwrap());
    Some(time("deadline")?.duration_since(time("minted_at").unwrap()))
}

#[test]
fn the_flag_comes_before_the_section_and_that_before_the_file() {
    let home = Home::new();
    fs::write(home.path().join("c.yml"), "ttl: 2h\nlocal: {ttl: 1h}\nother: {kind: local}\n").unwrap();
    let create = |name: &str, more: &[&str]| {
        let args = ["--config-file", "c.yml", "create", name].iter().chain(more).copied().collect::<Vec<_>>();
        assert_eq!(home.machine(args).expect(0).stderr, "", "what costs nothing needs no advice");
    };
    create("of-file", &["--provider", "other"]);
    create("of-section", &["--provider", "local"]);
    create("of-flag", &["--provider", "local", "--ttl", "30m"]);
    create("of-none", &["--provider", "local", "--ttl", "none"]);
    let about = |name: &str| span(&home, name).map(|span| span.round(jiff::Unit::Minute).unwrap().as_mins());
    let spans = ["of-file", "of-section", "of-flag", "of-none"].map(about);
    assert_eq!(spans, [Some(120), Some(60), Some(30), None]);
    let said = home.machine(["config", "show", "--config-file", "c.yml", "--provider", "local"]).expect(0).out();
    assert!(said.lines().any(|line| line.starts_with("local.ttl") && line.contains("line 2, column 9")), "{said}");

    fs::write(home.path().join("bad.yml"), "local: {ttl: soon}\n").unwrap();
    let said = home.machine(["create", "one", "--config-file", "bad.yml"]).expect(2).stderr;
    assert!(said.contains("line 1, column 9: `local.ttl`: `soon` is not a span of time"), "{said}");
    let said = home.machine(["run", "--ttl", "none", "--", "true"]).expect(125).stderr;
    assert!(said.contains("a job always has a deadline"), "{said}");
    home.machine(["destroy", "--yes", "of-file", "of-section", "of-flag", "of-none"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_deadline_that_nobody_would_keep_is_warned_of() {
    let home = Home::new();
    let nobody = "no sweep is scheduled";
    let none = "This machine has no deadline";
    let empty = home.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for cloud in ["digitalocean", "vultr", "fly"] {
        let playing = Playing::begin(&home, cloud, &["--no-machines", "--speed", "400"]);
        let ask = |args: &[&str], variable: (&str, &str)| -> Said {
            let mut command = playing.command(&home, args);
            // No crontab of whoever runs this test.
            command.env("PATH", &empty).env(variable.0, variable.1);
            finish(command, b"").expect(0)
        };
        let plain = ("NOTHING", "");
        let said = ask(&["create", "one", "--ttl", "1h"], plain).stderr;
        assert_eq!(said.contains(nobody), cloud != "fly", "{cloud}: {said}");
        assert!(!said.contains(none), "{cloud}: {said}");
        let said = ask(&["create", "two"], plain).stderr;
        assert!(
            said.matches(none).count() == 1 && said.contains("--ttl 12h") && !said.contains(nobody),
            "{cloud}: {said}"
        );
        let said = ask(&["create", "three", "--ttl", "none"], plain).stderr;
        assert!(!said.contains(none) && !said.contains(nobody), "{cloud}: {said}");
        let said = ask(&["create", "four", "--ttl", "1h"], ("MACHINE_GC_SCHEDULED", "1")).stderr;
        assert!(!said.contains(nobody), "{cloud}: {said}");
        fs::write(home.path().join("c.yml"), "gc: {scheduled: true}\nttl: 1h\n").unwrap();
        let said = ask(&["create", "five", "--config-file", "c.yml"], plain).stderr;
        assert!(!said.contains(nobody) && !said.contains(none), "{cloud}: {said}");
        ask(&["destroy", "--yes", "one", "two", "three", "four", "five"], plain);
        playing.end();
    }
}
