//! The configuration file, and `machine info`.

use std::fs;

use crate::support::Home;

#[test]
fn the_file_is_strict_and_says_where() {
    let home = Home::new();
    let file = home.path().join("home/.config/machine/config.yml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "provider: local\nlocal:\n  isolaton: auto\n").unwrap();
    let said = home.machine(["list"]).expect(2);
    for part in ["config.yml", "line 3", "column 3", "isolaton", "did you mean `isolation`?"] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
    fs::write(&file, "provider: fly\n").unwrap();
    assert!(home.machine(["list"]).expect(2).stderr.contains("`fly`"));
    home.machine(["list", "--provider", "local"]).expect(0);
    home.machine(["--help"]).expect(0);
    home.machine(["list", "--config-file", "missing.yml"]).expect(2);
    fs::write(home.path().join("other.yml"), "# empty\n").unwrap();
    home.machine(["list", "--config-file", "other.yml"]).expect(0);
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
