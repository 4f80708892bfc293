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
