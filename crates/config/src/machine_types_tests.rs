use machine_core::Environment;

use super::*;
use crate::Registry;

fn read(text: &str) -> Config {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.yml");
    std::fs::write(&file, text).unwrap();
    let environment = Environment::from_iter([("SECRET", "a'b $c"), ("PORT", "8080")]);
    Config::load(Registry::new().with::<crate::tests::Sky>(), environment, Some(&file)).unwrap()
}

#[test]
fn a_type_says_what_it_says() {
    let config = read(
        "machines:
  web:
    new-user-name: deploy
    script-url: https://example.com/x.sh
    script-args: ['one two', 5, true, '${SECRET}', '${PORT}']
    image: 2284
    packages: [git]
    write-files: [{path: /etc/motd, content: hello}]
    providers: {sky: {machine-size: large}}
  box: {new-user-name: ops, script-args: '-y --port ${PORT}'}
",
    );
    assert_eq!(config.type_names().unwrap(), ["box", "web"]);
    let web = config.machine_type("web").unwrap();
    let ScriptArgs::List(args) = &web.script_args else { panic!("{web:?}") };
    assert_eq!(args.iter().map(ToString::to_string).collect::<Vec<_>>(), ["one two", "5", "True", "a'b $c", "8080"]);
    assert_eq!(
        (web.image.as_deref(), web.packages.len(), web.write_files[0].path.as_str()),
        (Some("2284"), 1, "/etc/motd")
    );
    assert_eq!(web.clone().at("sky", &[]).machine_size.as_deref(), Some("large"));
    assert_eq!(
        web.clone().at("big-sky", &["sky"]).machine_size.as_deref(),
        Some("large"),
        "by another name of the kind"
    );
    assert_eq!(web.at("rain", &[]).machine_size, None);
    assert_eq!(config.machine_type("box").unwrap().script_args, ScriptArgs::Line("-y --port 8080".to_owned()));
    assert!(config.unknown_keys().is_empty());
}

#[test]
fn keys_that_nobody_knows_are_told_and_a_file_has_a_path() {
    let told = read("machines:\n  web:\n    new-user-name: ops\n    pakages: [git]\n").unknown_keys();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].to_string().contains("line 4, column 5: unknown key `pakages`"), "{}", told[0]);
    let error = read("machines:\n  web: {write-files: [{content: x}]}\n").machine_type("web").unwrap_err();
    assert!(error.to_string().contains("missing field `path`"), "{error}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let config = read("machines:\n  web:\n    packages: git\n  nil:\n  args: {script-args: {a: b}}\n");
    for (name, says) in [
        ("wbe", "machine type `wbe` not found"),
        ("web", "line 3, column 5: `machines.web.packages`"),
        ("nil", "line 4, column 3: `machines.nil` is empty"),
        ("args", "`machines.args.script-args`"),
    ] {
        let error = config.machine_type(name).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert!(
        config
            .machine_type("wbe")
            .unwrap_err()
            .hint()
            .unwrap()
            .contains("did you mean `web`? Available: args, nil, web")
    );
    assert!(read("machines: []\n").type_names().is_err());
    assert!(read("").machine_type("x").unwrap_err().hint().unwrap().contains("there is none"));
}
