//! `docs/guide/adding-a-provider.md` is true: its code is this program, its manifest has this program's dependencies, and its
//! commands say what it says that they say.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the guide's reader has after each `cargo run`.
const RUN: &str = "cargo run -q --";

fn guide() -> String {
    std::fs::read_to_string(here().join("../../docs/guide/adding-a-provider.md")).unwrap()
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The texts of the fenced blocks of one language.
fn blocks(guide: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(found) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if found == language {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

#[test]
fn its_code_is_this_program() {
    let told = blocks(&guide(), "rust");
    let (program, rest) = told.split_first().unwrap();
    let (test, library) = rest.split_last().unwrap();
    let files =
        [("src/main.rs", program.clone()), ("src/lib.rs", library.join("\n")), ("tests/conformance.rs", test.clone())];
    let mut written = 0;
    for (file, told) in files {
        let lines = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let told = lines(&told.replace("paper_machine", "custom_provider"));
        let text = std::fs::read_to_string(here().join(file)).unwrap();
        for (index, line) in lines(&text).iter().enumerate() {
            assert_eq!(told.get(index), Some(line), "line {index} of {file}, blank ones not counted");
        }
        written += if file.starts_with("src") { text.lines().count() } else { 0 };
    }
    assert!(written < 210, "the guide says that a provider is small, and it has {written} lines");
}

#[test]
fn its_manifest_has_what_the_program_needs() {
    let dependencies = |manifest: &str| {
        let mut section = "";
        let mut names = BTreeSet::new();
        for line in manifest.lines() {
            match line.strip_prefix('[') {
                Some(name) => section = name.trim_end_matches(']'),
                None if section == "dependencies" => {
                    names.extend(line.split_once(" = ").map(|(name, _)| name.to_owned()));
                }
                None => {}
            }
        }
        names
    };
    let told = dependencies(&blocks(&guide(), "toml")[0]);
    assert_eq!(told, dependencies(&std::fs::read_to_string(here().join("Cargo.toml")).unwrap()));
}

#[test]
fn its_commands_say_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    let mut exported = Vec::new();
    let mut ran = 0;
    for block in blocks(&guide(), "console") {
        let mut parts = block.split("\n$ ");
        let first = parts.next().unwrap().strip_prefix("$ ").expect("a block starts with a command");
        for part in std::iter::once(first).chain(parts) {
            let (command, expected) = part.split_once('\n').unwrap_or((part, ""));
            match command.strip_prefix("export ") {
                Some(variables) => exported.extend(variables.split(' ').map(str::to_owned)),
                None => {
                    compare(command, expected, &output(command, &exported, home.path()));
                    ran += 1;
                }
            }
        }
    }
    assert!(ran > 10, "only {ran} commands were found");
}

/// What a command writes to both streams, as a reader sees it on a terminal.
fn output(command: &str, exported: &[String], home: &Path) -> String {
    let command = command.replace(RUN, env!("CARGO_BIN_EXE_custom-provider"));
    let variables = exported.iter().map(|variable| variable.split_once('=').expect("NAME=VALUE"));
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}; }} 2>&1")])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .envs(variables)
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that each line is as the guide has it, `[..]` being anything.
#[track_caller]
fn compare(command: &str, expected: &str, said: &str) {
    let (expected, said) =
        (expected.trim_end().lines().collect::<Vec<_>>(), said.trim_end().lines().collect::<Vec<_>>());
    let agree = expected.len() == said.len() && expected.iter().zip(&said).all(|(expected, said)| fits(expected, said));
    assert!(agree, "$ {command}\nthe guide has:\n{}\nit says:\n{}", expected.join("\n"), said.join("\n"));
}

fn fits(expected: &str, said: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == said,
        Some((start, rest)) => said.strip_prefix(start).is_some_and(|said| {
            said.char_indices().map(|(at, _)| at).chain([said.len()]).any(|at| fits(rest, &said[at..]))
        }),
    }
}
