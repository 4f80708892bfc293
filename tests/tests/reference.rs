//! `docs/reference/` is what the program says of itself. `cargo xtask gen-reference` writes it.

use std::fmt::Write as _;

use machine_tests::snapshot::assert_recorded;
use machine_tests::workspace::root;

#[test]
fn the_help_pages_are_as_recorded() {
    let mut text = String::from(
        "# The command line\n\nEvery help page of `machine`, as it prints them. `cargo xtask gen-reference` writes this file.\n",
    );
    pages(machine_cli::command_tree(), "machine", &mut text);
    assert_recorded(&root().join("docs/reference/cli.md"), &text);
}

fn pages(mut command: clap::Command, name: &str, text: &mut String) {
    command = command.term_width(100).bin_name(name).disable_help_subcommand(true);
    let _ = write!(text, "\n## {name}\n\n```text\n{}\n```\n", command.render_long_help().to_string().trim_end());
    for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages(below.clone(), &format!("{name} {}", below.get_name()), text);
    }
}

#[test]
fn the_configuration_is_as_recorded() {
    let mut schema =
        serde_json::to_string_pretty(&machine_cli::Runner::builtin().registry().schema()).expect("it is JSON");
    schema.push('\n');
    assert_recorded(&root().join("docs/reference/config.schema.json"), &schema);
}

#[test]
fn the_exit_codes_are_as_recorded() {
    assert_recorded(&root().join("docs/reference/exit-codes.md"), &machine_cli::reference::exit_codes());
    let page = machine_cli::command_tree().get_after_help().expect("the first page ends with the codes").to_string();
    for line in machine_cli::reference::exit_codes().lines() {
        let code =
            line.strip_prefix("| ").and_then(|line| line.split(' ').next()).filter(|code| code.parse::<u8>().is_ok());
        assert!(code.is_none_or(|code| page.contains(code)), "the help does not know the code of `{line}`");
    }
}

#[test]
fn the_schema_of_errors_is_as_recorded_and_its_example_fits() {
    let schema = machine_cli::reference::error_schema();
    let mut text = serde_json::to_string_pretty(&schema).expect("it is JSON");
    text.push('\n');
    assert_recorded(&root().join("docs/reference/error.schema.json"), &text);
    let page = machine_cli::reference::exit_codes();
    let example = page.lines().find(|line| line.starts_with("{\"error\"")).expect("there is an example");
    let example: serde_json::Value = serde_json::from_str(example).expect("it is JSON");
    assert!(jsonschema::validator_for(&schema).expect("a schema").is_valid(&example), "{example}");
}

#[test]
fn the_shapes_of_json_are_as_recorded() {
    assert_recorded(&root().join("docs/reference/json.md"), &machine_cli::reference::json_page());
    let tree = machine_cli::command_tree();
    for shape in machine_cli::reference::shapes() {
        let mut text = serde_json::to_string_pretty(&shape.schema).expect("it is JSON");
        text.push('\n');
        assert_recorded(&root().join(format!("docs/reference/json/{}.schema.json", shape.name)), &text);
        jsonschema::validator_for(&shape.schema).expect("a schema");
        for (command, _) in shape.printed_by {
            let mut found = &tree;
            for word in command.split(' ').skip(1) {
                found = found.find_subcommand(word).unwrap_or_else(|| panic!("there is no `{command}`"));
            }
        }
    }
}
