//! What every package and every file of this repository has in common.

use std::fs;
use std::path::{Path, PathBuf};

use machine_tests::workspace::{Workspace, root};

/// A file is about one thing and can be read in one sitting.
const LINES: usize = 400;

/// The one package with unsafe code.
const UNSAFE: &str = "machine-sys";

#[test]
fn every_package_has_the_same_licence_edition_and_lints() {
    let workspace = Workspace::load();
    for (name, id) in workspace.members() {
        let package = workspace.package(id);
        assert_eq!(package["license"], "MIT OR Apache-2.0", "{name}");
        assert_eq!(package["edition"], "2024", "{name}");
        assert_eq!(package["publish"].as_array().map(Vec::len), Some(0), "{name} may not be published yet");
        let manifest = fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        for inherited in ["version", "rust-version", "license", "repository"] {
            assert!(manifest.contains(&format!("{inherited}.workspace = true")), "{name} has a {inherited} of its own");
        }
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} is not held to the lints of the workspace");
    }
}

#[test]
fn unsafe_code_lives_in_sys_only() {
    let workspace = Workspace::load();
    // An example shows what it is about; the lints of the workspace deny unsafe code there as well.
    let shown = |id: &str| id.contains("/examples/");
    for (name, id) in workspace.members().into_iter().filter(|(name, id)| *name != UNSAFE && !shown(id)) {
        let targets = workspace.package(id)["targets"].as_array().unwrap();
        let is_product = |kind: &serde_json::Value| kind == "lib" || kind == "bin";
        let roots = targets.iter().filter(|target| target["kind"].as_array().unwrap().iter().any(is_product));
        let roots: Vec<&str> = roots.map(|target| target["src_path"].as_str().unwrap()).collect();
        assert!(!roots.is_empty(), "{name} has neither a library nor a program");
        for root in roots {
            let text = fs::read_to_string(root).unwrap();
            assert!(text.contains("#![forbid(unsafe_code)]"), "{root} does not forbid unsafe code");
        }
    }
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    let mut files = Vec::new();
    for top in ["crates", "tests", "xtask", "examples", "benches"] {
        sources(&root().join(top), &mut files);
    }
    assert!(files.len() > 200, "only {} files were found", files.len());
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(
            lines <= LINES,
            "{} has {lines} lines, more than {LINES}: it is about more than one thing",
            file.display()
        );
    }
}

/// The glossary is looked things up in: one entry for one word, in the order of the alphabet.
#[test]
fn the_glossary_is_sorted_and_says_everything_once() {
    let text = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let terms: Vec<String> =
        text.lines().filter_map(|line| Some(line.strip_prefix("**")?.split_once("**")?.0.to_lowercase())).collect();
    assert!(terms.len() > 20, "the terms were found");
    for pair in terms.windows(2) {
        assert!(pair[0] < pair[1], "`{}` does not come before `{}`", pair[0], pair[1]);
    }
}

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    // Not every directory that may be there is there yet.
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}
