//! `-o`, `--columns` and `--no-header`: the same everywhere.

use serde_json::Value;

use crate::support::{Home, end_of};
use crate::terminal::Terminal;

/// What a command wrote, read as YAML.
fn yaml(home: &Home, args: &[&str]) -> Value {
    let text = home.machine(args).expect(0).out();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
}

/// The same as JSON.
fn json(home: &Home, args: &[&str]) -> Value {
    let text = home.machine(args).expect(0).out();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
}

/// The same as lines of JSON.
fn lines(home: &Home, args: &[&str]) -> Vec<Value> {
    let text = home.machine(args).expect(0).out();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn a_list_has_the_same_in_every_shape() {
    let home = Home::new();
    // A label that is a truth to some readers of YAML, and one that is a number.
    home.machine(["create", "one", "-l", "on=no", "-l", "n=012"]).expect(0);
    home.machine(["create", "two"]).expect(0);
    home.machine(["volumes", "create", "data"]).expect(0);
    for list in [
        &["list"][..],
        &["volumes", "list"],
        &["ledger", "list"],
        &["regions"],
        &["sizes"],
        &["images"],
        &["types"],
        &["projects"],
        &["status"],
        &["ip", "one", "two", "--private"],
    ] {
        let with = |shape| -> Vec<&str> { list.iter().copied().chain(["-o", shape]).collect() };
        if list.first() == Some(&"ip") && home.machine(list).code != 0 {
            // A computer without networks of its own for machines.
            continue;
        }
        let whole = json(&home, &with("json"));
        let items = whole.as_array().unwrap_or_else(|| panic!("{list:?}: {whole}"));
        assert_eq!(yaml(&home, &with("yaml")), whole, "{list:?}");
        assert_eq!(lines(&home, &with("jsonl")), *items, "{list:?}");
        let ids = home.machine(with("ids")).expect(0).out();
        assert_eq!(ids.lines().count(), items.len(), "{list:?}");
        assert_eq!(home.machine(with("text")).expect(0).out().lines().count(), items.len(), "{list:?}");
        let table = home.machine(with("table")).expect(0).out();
        let bare = home.machine(with("table").into_iter().chain(["--no-header"])).expect(0).out();
        if !items.is_empty() {
            assert_eq!(table.split_once('\n').unwrap().1.lines().count(), bare.lines().count(), "{list:?}");
            assert_eq!(bare.lines().count(), items.len(), "{list:?}");
        }
    }
    let text = home.machine(["list", "-o", "yaml"]).expect(0).out();
    let order = ["id:", "name:", "tags:", "region:", "ip:", "type:"].map(|key| text.find(key).unwrap());
    assert!(order.is_sorted(), "{text}");
    home.machine(["volumes", "destroy", "-y", "data"]).expect(0);
    home.machine(["destroy", "-y", "one", "two"]).expect(0);
    home.assert_clean();
}

#[test]
fn one_thing_has_the_same_in_every_shape_for_programs() {
    let home = Home::new();
    home.machine(["create", "one"]).expect(0);
    for what in [
        &["version"][..],
        &["info"],
        &["check"],
        &["cost"],
        &["config", "show"],
        &["inspect", "one"],
        &["gc", "--dry-run"],
    ] {
        let with = |shape| -> Vec<&str> { what.iter().copied().chain(["-o", shape]).collect() };
        // What tells the time tells another one each time.
        let timeless = |mut value: Value| {
            if let Some(map) = value.as_object_mut() {
                map.remove("as_of");
            }
            value
        };
        let whole = timeless(json(&home, &with("json")));
        assert!(whole.is_object(), "{what:?}: {whole}");
        assert_eq!(timeless(yaml(&home, &with("yaml"))), whole, "{what:?}");
        let line = lines(&home, &with("jsonl")).into_iter().map(timeless).collect::<Vec<_>>();
        assert_eq!(line, [whole], "{what:?}");
    }
    let two = home.machine(["inspect", "one", "one", "-o", "yaml"]).expect(0).out();
    assert_eq!(two.lines().filter(|line| *line == "---").count(), 2, "{two}");
    assert!(json(&home, &["check", "-o", "json"])["passed"].as_bool().unwrap());
    home.machine(["destroy", "-y", "one"]).expect(0);
    home.assert_clean();
}

#[test]
fn columns_are_picked_and_put_in_order() {
    let home = Home::new();
    let id = home.machine(["-q", "create", "one"]).expect(0).out();
    let columns = |more: &[&str]| home.machine(["list"].iter().chain(more)).expect(0).out();
    assert_eq!(columns(&["--columns", "id,Name,region"]), format!("{}\tone\tlocal\n", id.trim()));
    let table = columns(&["--columns", "STATE,NAME", "-o", "table"]);
    assert_eq!(table, "STATE     NAME\nrunning   one\n");
    assert_eq!(columns(&["--columns", "STATE", "--columns", "name", "-o", "table", "--no-header"]), "running   one\n");
    assert_eq!(columns(&["--columns", "provider"]), "local\n");
    let said = home.machine(["list", "--columns", "name,colour"]).expect(2);
    assert!(said.stderr.contains("no column `colour`") && said.stderr.contains("NAME, STATE, AGE"), "{said:?}");
    let page = home.machine(["list", "--help"]).expect(0).out();
    let names = said.stderr.split("there are ").nth(1).unwrap().trim().split(", ");
    assert!(names.clone().count() > 10 && names.clone().all(|name| page.contains(name)), "{page}");
    for shape in ["json", "jsonl", "yaml", "ids"] {
        let said = home.machine(["list", "-o", shape, "--columns", "name"]).expect(2);
        assert!(said.stderr.contains("--columns") && said.stdout.is_empty(), "{said:?}");
    }
    for command in [&["sizes"][..], &["volumes", "list"], &["status"], &["types"], &["list-domain", "x.example"]] {
        let said = home.machine(command.iter().chain(&["--columns", "nothing"])).expect(2);
        assert!(said.stderr.contains("no column") || said.stderr.contains("DNS"), "{command:?}: {said:?}");
    }
    home.machine(["destroy", "-y", "one"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_shape_that_there_is_none_of_is_usage() {
    let home = Home::new();
    for command in [
        &["list"][..],
        &["status"],
        &["inspect", "x"],
        &["ip", "x"],
        &["volumes", "list"],
        &["snapshots", "list"],
        &["domains"],
        &["list-domain"],
        &["ssh-keys"],
        &["projects"],
        &["regions"],
        &["sizes"],
        &["images"],
        &["types"],
        &["ledger", "list"],
        &["ledger", "show", "x"],
        &["cost"],
        &["gc"],
        &["info"],
        &["check"],
        &["doctor"],
        &["config", "show"],
        &["version"],
    ] {
        let said = home.machine(command.iter().chain(&["-o", "jsn"])).expect(2);
        assert!(said.stderr.contains("'json'") && said.stdout.is_empty(), "{command:?}: {said:?}");
    }
    let said = home.machine(["version", "-o", "table"]).expect(2);
    assert!(said.stderr.contains("possible values"), "{said:?}");
}

#[test]
fn a_table_fits_the_terminal_and_has_colours_there_only() {
    let home = Home::new();
    let long = "a-name-that-goes-on-and-on-and-on-and-on-and-on-for-sixty-x";
    home.machine(["create", long]).expect(0);
    let shown = |columns: u16, variables: &[(&str, &str)]| {
        let terminal = Terminal::open(columns, 24);
        let mut command = terminal.command(&home, &["list", "--columns", "name,state,id"]);
        command.env_remove("NO_COLOR").env("TERM", "xterm").envs(variables.iter().copied());
        end_of(command.spawn().unwrap()).expect(0);
        terminal.wait_for("m-");
        terminal.screen.lock().unwrap().clone()
    };
    let wide = shown(200, &[]);
    assert!(wide.contains(long) && wide.contains("\u{1b}[32mrunning\u{1b}[0m"), "{wide}");
    for variables in [&[("NO_COLOR", "1")], &[("TERM", "dumb")]] {
        let narrow = shown(60, variables);
        assert!(!narrow.contains('\u{1b}') && narrow.contains('…') && !narrow.contains(long), "{narrow}");
        assert!(narrow.lines().all(|line| line.trim_end().chars().count() <= 60), "{narrow}");
    }
    let piped = home.machine(["list", "-o", "table"]).expect(0).out();
    assert!(piped.contains(long) && !piped.contains('\u{1b}'), "{piped}");
    home.machine(["destroy", "-y", long]).expect(0);
    home.assert_clean();
}
