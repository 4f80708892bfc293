//! The configuration file, and `machine info`.

use std::fs;

use crate::support::{Home, finish};

#[test]
fn an_unknown_key_is_a_warning_and_an_error_where_that_is_asked_for() {
    let home = Home::new();
    let file = home.path().join("home/.config/machine/config.yml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "provider: local\nlocal:\n  isolaton: auto\n").unwrap();
    for (args, code) in [(&["list"][..], 0), (&["list", "--strict"], 2)] {
        let said = home.machine(args).expect(code).stderr;
        for part in ["config.yml", "line 3, column 3", "isolaton", "did you mean `isolation`?"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    let said = home.machine(["check"]).expect(1).out();
    assert!(said.contains("FAIL: Configuration") && said.contains("isolaton"), "{said}");
    fs::write(&file, "local: {isolation: proces}\n").unwrap();
    let said = home.machine(["list"]).expect(2).stderr;
    assert!(said.contains("line 1, column 9") && said.contains("did you mean `process`?"), "{said}");
}

#[test]
fn the_provider_is_chosen_by_flag_variable_and_file() {
    let home = Home::new();
    fs::write(home.path().join("two.yml"), "work: {kind: local}\nhome: {kind: local}\n").unwrap();
    let said = home.machine(["list", "--config-file", "two.yml"]).expect(2).stderr;
    assert!(said.contains("(work, home)") && said.contains("provider: work"), "{said}");
    home.machine(["list", "--config-file", "two.yml", "--provider", "work"]).expect(0);
    let mut command = home.command(["list"]);
    command.env("MACHINE_CONFIG", "two.yml").env("MACHINE_PROVIDER", "home");
    finish(command, b"").expect(0);
    fs::write(home.path().join("other.yml"), "provider: skynet\n").unwrap();
    let said = home.machine(["list", "--config-file", "other.yml"]).expect(2).stderr;
    assert!(said.contains("line 1, column 1") && said.contains("`skynet`"), "{said}");
    home.machine(["list", "--config-file", "other.yml", "--provider", "local"]).expect(0);
    home.machine(["list", "--config-file", "missing.yml"]).expect(2);
    home.machine(["--help"]).expect(0);
}

#[test]
fn the_rate_limit_is_switched_off_by_a_flag() {
    let home = Home::new();
    fs::write(home.path().join("c.yml"), "vultr: {api-key: x}\n").unwrap();
    let show = |args: &[&str]| {
        let rest = ["config", "show", "--config-file", "c.yml", "--provider", "vultr"];
        home.machine(args.iter().chain(&rest).copied()).expect(0).out()
    };
    let line = |text: String| text.lines().find(|line| line.contains("rate-limit")).unwrap_or_default().to_owned();
    let (without, with) = (line(show(&[])), line(show(&["--no-rate-limit"])));
    assert!(!without.contains("false"), "{without}");
    assert!(with.contains("false") && with.contains("--no-rate-limit"), "{with}");
    home.machine(["list", "--no-rate-limit"]).expect(0);
}

#[test]
fn config_show_tells_values_and_where_they_came_from() {
    let home = Home::new();
    fs::write(
        home.path().join("c.yml"),
        "work:\n  kind: local\n  mounts: ['${SHARED:-/usr/share}']\nbudget:\n  per-day: 5\n",
    )
    .unwrap();
    let mut command = home.command(["config", "show", "--config-file", "c.yml"]);
    command.env("SHARED", "/usr/lib");
    let text = finish(command, b"").expect(0).out();
    let line =
        |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {text}"));
    assert!(
        line("work.mounts[0]").contains("/usr/lib") && line("work.mounts[0]").ends_with("line 3, column 12, $SHARED")
    );
    assert!(line("work.isolation").contains("auto") && line("work.isolation").ends_with("default"));
    assert!(line("provider").contains("the only section"));
    assert!(line("budget.per-day").contains(" 5 ") && line("budget.per-day").ends_with("line 5, column 3"));
    let json = home.machine(["config", "show", "-o", "json", "--config-file", "c.yml"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["provider"]["kind"], "local");
    assert_eq!(json["settings"][1]["value"], "/usr/share");
    assert_eq!((&json["budget"][0]["key"], &json["budget"][0]["value"]), (&"budget.per-day".into(), &5.into()));
    let schema: serde_json::Value =
        serde_json::from_slice(&home.machine(["config", "schema"]).expect(0).stdout).unwrap();
    assert!(schema["properties"]["local"]["anyOf"][0]["properties"]["isolation"].is_object(), "{schema}");
}

#[test]
fn a_budget_that_cannot_be_read_is_no_budget_that_is_ignored() {
    let home = Home::new();
    fs::write(home.path().join("c.yml"), "local:\nbudget:\n  per-dya: 5\n").unwrap();
    for args in [&["create", "one"][..], &["cost"], &["check"], &["config", "show"]] {
        let said = home.machine(args.iter().copied().chain(["--config-file", "c.yml"])).expect(2);
        assert!(
            said.stderr.contains("line 3, column 3") && said.stderr.contains("did you mean `per-day`?"),
            "{said:?}"
        );
    }
}

#[test]
fn machines_of_this_computer_cost_nothing() {
    let home = Home::new();
    fs::write(home.path().join("c.yml"), "local:\nbudget: {per-machine: 0, per-day: 0}\n").unwrap();
    let said = home.machine(["run", "--config-file", "c.yml", "--", "true"]).expect(0);
    assert_eq!(said.stderr, "");
    let cost = home.machine(["cost"]).expect(0).out();
    assert!(cost.starts_with("today:        $0.00 spent, $0.00 held\n") && !cost.contains("not counted"), "{cost}");
    home.assert_clean();
}

#[test]
fn check_and_doctor_find_what_works_and_what_does_not() {
    let home = Home::new();
    let said = home.machine(["check"]).expect(0).out();
    assert!(said.starts_with("Checking config for provider: this computer\n"), "{said}");
    assert!(said.contains("  PASS: API authentication (") && said.ends_with("\nAll checks passed.\n"), "{said}");
    let said = home.machine(["doctor"]).expect(0).out();
    for what in ["state", "ledger", "configuration", "local"] {
        assert!(said.lines().any(|line| line.starts_with(what)), "{what}: {said}");
    }
    fs::write(home.path().join("bad.yml"), "local:\n  mounts: [/no/such]\n").unwrap();
    let said = home.machine(["doctor", "-o", "json", "--config-file", "bad.yml"]).expect(1).out();
    let findings: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
    let local = findings.iter().find(|finding| finding["what"] == "local").unwrap();
    assert!(local["status"] == "fail" && local["detail"].as_str().unwrap().contains("line 2, column 3"), "{said}");
    fs::write(home.path().join("bad.yml"), "local: [\n").unwrap();
    assert!(home.machine(["doctor", "--config-file", "bad.yml"]).expect(1).out().contains("configuration"));
}

#[test]
fn debug_shows_what_is_asked_of_the_provider() {
    let home = Home::new();
    let said = home.machine(["--debug", "run", "--env", "TOKEN=hunter2", "--", "true"]).expect(0).stderr;
    for operation in ["create", "destroy", "get"] {
        assert!(said.contains(&format!("operation=\"{operation}\"")), "{operation}: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    assert!(home.machine(["list", "--log", "=x="]).expect(2).stderr.contains("not a log filter"));
    home.assert_clean();
}

#[test]
fn mounts_of_the_file_show_in_every_machine() {
    let home = Home::new();
    let shared = home.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::write(shared.join("greeting"), "hello\n").unwrap();
    let config = format!("local:\n  mounts:\n    - {}:/mnt/shared\n", shared.display());
    fs::write(home.path().join("config.yml"), config).unwrap();
    let isolated = home.machine(["run", "--", "sh", "-c", "test $MACHINE_ISOLATION = namespaces"]).code == 0;
    if isolated {
        let args = ["run", "--config-file", "config.yml", "--", "cat", "/mnt/shared/greeting"];
        assert_eq!(home.machine(args).expect(0).out(), "hello\n");
    }
    home.assert_clean();
}

#[test]
fn the_plain_process_mode_works_and_says_so() {
    let home = Home::new();
    fs::write(home.path().join("config.yml"), "local: {isolation: process}\n").unwrap();
    let said =
        home.machine(["run", "--config-file", "config.yml", "--", "sh", "-c", "echo $MACHINE_ISOLATION; exit 3"]);
    assert_eq!(said.expect(3).out(), "process\n");
    let info = home.machine(["info", "--config-file", "config.yml"]).expect(0).out();
    assert!(info.contains("process"), "{info}");
    home.assert_clean();
}

#[test]
fn info_tells_what_there_is() {
    let home = Home::new();
    let text = home.machine(["info"]).expect(0).out();
    for part in ["local", home.state().to_str().unwrap(), "isolation", "exec", "volumes"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: serde_json::Value =
        serde_json::from_slice(&home.machine(["info", "-o", "json"]).expect(0).stdout).unwrap();
    assert_eq!(json["provider"], "local");
    assert_eq!(json["state_dir"], home.state().to_str().unwrap());
    assert!(json["capabilities"]["exec"].is_string(), "{json}");
}
