//! Every command line that a reader may copy is one that `machine` can read: in the README, in docs/, and in the examples on
//! the help pages.

use clap::error::ErrorKind;
use machine_tests::documents::{CommandLine, command_lines, commands, documents};

/// What `machine` says of a command line that it cannot read.
fn refused(line: &CommandLine) -> Option<String> {
    // Redirections are the shell's.
    let words = shlex::split(&line.text)?;
    let words = words.iter().map(String::as_str).take_while(|word| !matches!(*word, ">" | "<" | "2>&1" | "|"));
    let error = machine_cli::command_tree().try_get_matches_from(words).err()?;
    let left_out = matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingSubcommand
    ) || error.to_string().contains("none was supplied");
    let answered = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let pardoned = answered || (line.in_prose && left_out);
    (!pardoned)
        .then(|| format!("{}: `{}`: {}", line.place, line.text, error.to_string().lines().next().unwrap_or_default()))
}

#[track_caller]
fn assert_all_read(lines: &[CommandLine], at_least: usize) {
    let refused: Vec<String> = lines.iter().filter_map(refused).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(lines.len() >= at_least, "only {} command lines were found", lines.len());
}

#[test]
fn those_of_the_documents() {
    let lines: Vec<CommandLine> = documents()
        .iter()
        .flat_map(|path| command_lines(path, &std::fs::read_to_string(path).expect("a document is text")))
        .collect();
    assert_all_read(&lines, 30);
}

#[test]
fn those_of_the_help_pages() {
    let mut lines = Vec::new();
    examples(&machine_cli::command_tree(), &mut lines);
    assert_all_read(&lines, 50);
}

fn examples(command: &clap::Command, lines: &mut Vec<CommandLine>) {
    let page = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    for line in page.lines().skip(1) {
        // What an example does stands three spaces behind it.
        let line = line.trim_start().split("   ").next().unwrap_or_default();
        let place = format!("machine {} --help", command.get_name());
        lines.extend(commands(line).into_iter().map(|text| CommandLine {
            place: place.clone(),
            text,
            in_prose: false,
        }));
    }
    for command in command.get_subcommands() {
        examples(command, lines);
    }
}

#[test]
fn a_line_that_cannot_be_read_is_found() {
    let text = "Say `machine lisst` or\n\n```sh\nmachine create web-1 --memroy 1g\n```\n";
    let lines = command_lines("here.md".as_ref(), text);
    assert_eq!(lines.iter().filter_map(refused).count(), 2, "{lines:?}");
}
