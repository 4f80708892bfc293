//! What commands print as JSON fits the schemas that are published, and says nothing that they do not.

use machine_cli::reference::{Shape, shapes};
use serde_json::{Deserializer, Value};

use crate::playing::Playing;
use crate::support::Home;

const KEY: &str = r#"{"name":"laptop","public_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me"}"#;

/// The shape that the command prints, and whether in an array.
fn shape_of<'a>(shapes: &'a [Shape], args: &[&str]) -> (&'a Shape, bool) {
    let line = format!("machine {} ", args.join(" "));
    let prints = |(command, in_array): &(&str, bool)| line.starts_with(&format!("{command} ")).then_some(*in_array);
    let found = shapes.iter().find_map(|shape| Some((shape, shape.printed_by.iter().find_map(prints)?)));
    found.unwrap_or_else(|| panic!("no shape says that `{line}` prints it"))
}

/// Every key that the value has and the schema does not know.
fn unknown(value: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let alternatives = schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
    let of_type = |schema: &&Value| value.is_object() == (schema["type"] == "object");
    let Some(schema) = alternatives.iter().find(of_type) else { return };
    for (key, value) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key) {
            Some(below) => unknown(value, below, &format!("{at}.{key}"), found),
            None if schema.get("additionalProperties").is_some() => {}
            None => found.push(format!("{at}.{key}")),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        unknown(item, &schema["items"], at, found);
    }
}

#[track_caller]
fn assert_fits(shapes: &[Shape], args: &[&str], printed: &str) -> &'static str {
    let (shape, in_array) = shape_of(shapes, args);
    let values: Vec<Value> = Deserializer::from_str(printed).into_iter().map(Result::unwrap).collect();
    let values = match values.as_slice() {
        [Value::Array(items)] if in_array => items.clone(),
        _ if in_array => panic!("{args:?} prints no array: {printed}"),
        _ => values,
    };
    assert!(!values.is_empty(), "{args:?} shows nothing: {printed}");
    let validator = jsonschema::validator_for(&shape.schema).unwrap();
    for value in &values {
        let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{args:?}: {errors:?} in {value:#}");
        let mut new = Vec::new();
        unknown(value, &shape.schema, shape.name, &mut new);
        assert!(new.is_empty(), "{args:?}: {new:?} are in no schema: {value:#}");
    }
    shape.name
}

#[test]
fn what_is_printed_fits() {
    let (home, shapes) = (Home::new(), shapes());
    let config = home.path().join("home/.config/machine");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.yml"), "machines: {web: {}}\n").unwrap();
    let cloud = Playing::begin(&home, "digitalocean", &["--no-machines"]);
    cloud.zone("example.com");
    assert!(cloud.ask("POST", "/v2/account/keys", KEY).starts_with("HTTP/1.1 201"));
    let run = |args: &[&str]| {
        let (code, out, err) = cloud.apart(&home, &[], args);
        assert_eq!(code, 0, "{args:?}: {err}");
        out
    };
    run(&["volumes", "create", "data"]);
    let create = ["create", "web-1", "--ttl", "1h", "--label", "a=b", "--volume", "data:/data", "--wait-for-ip"];
    let create = [&create[..], &["-o", "json"]].concat();
    let mut seen = vec![assert_fits(&shapes, &create, &run(&create))];
    run(&["domains", "add-name", "web-1", "example.com"]);
    run(&["snapshots", "create", "web-1", "before"]);
    for args in [
        &["list", "-o", "json"][..],
        &["list", "--provider", "digitalocean,local", "-o", "json"],
        &["inspect", "web-1"],
        &["status", "-o", "json", "--timeout", "10ms"],
        &["ip", "web-1", "-o", "json"],
        &["volumes", "list", "-o", "json"],
        &["snapshots", "list", "-o", "json"],
        &["ssh-keys", "-o", "json"],
        &["list-domain", "example.com", "--all", "-m", "*", "-o", "json"],
        &["domains", "-o", "json"],
        &["projects", "-o", "json"],
        &["types", "-o", "json"],
        &["regions", "-o", "json"],
        &["sizes", "-o", "json"],
        &["images", "-o", "json"],
        &["ledger", "list", "-o", "json"],
        &["ledger", "show", "web-1", "-o", "json"],
        &["ledger", "export"],
        &["check", "-o", "json"],
        &["version", "-o", "json"],
    ] {
        seen.push(assert_fits(&shapes, args, &run(args)));
    }
    // Whatever it finds here.
    let args = ["doctor", "-o", "json"];
    seen.push(assert_fits(&shapes, &args, &cloud.apart(&home, &[], &args).1));
    for shape in &shapes {
        assert!(seen.contains(&shape.name), "nothing printed {}", shape.name);
    }
    run(&["destroy", "--yes", "web-1"]);
    cloud.end();
}

#[test]
fn machines_of_this_computer_fit_too() {
    let (home, shapes) = (Home::new(), shapes());
    home.machine(["create", "one", "--", "sh", "-c", "exit 3"]).expect(0);
    home.machine(["wait", "one"]).expect(0);
    for args in [&["list", "-o", "json"][..], &["inspect", "one"], &["status", "-o", "json"]] {
        assert_fits(&shapes, args, &home.machine(args).expect(0).out());
    }
    home.machine(["destroy", "-y", "one"]).expect(0);
    home.assert_clean();
}
