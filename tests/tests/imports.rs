//! Who may import whom. The house stands as long as this does: a provider never knows the command line, and nothing but
//! the command line knows a provider.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// For every package of the workspace, the packages of the workspace that it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("machine-core", &[]),
    ("machine-conformance", &["machine-core"]),
    ("machine-sys", &[]),
    ("machine-local", &["machine-core", "machine-sys"]),
    ("machine-fleet", &["machine-core"]),
    ("machine-guest", &["machine-core", "machine-sys"]),
    ("machine-agent", &["machine-core", "machine-fleet", "machine-guest"]),
    (
        "machine-cli",
        &["machine-core", "machine-sys", "machine-local", "machine-fleet", "machine-guest", "machine-agent"],
    ),
    ("machine-tests", &[]),
    ("xtask", &[]),
];

/// Packages that are too heavy for a program that wants only the trait and one provider.
const HEAVY: &[&str] = &["sqlx", "libsqlite3-sys", "clap", "axum", "hyper"];

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("rustc speaks UTF-8");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        // Only what this platform compiles has been downloaded, so only that can be asked about.
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host()])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Every package's normal dependencies (what a user of it compiles), by package id.
fn normal_dependencies(metadata: &serde_json::Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("a resolve graph");
    nodes
        .iter()
        .map(|node| {
            let deps = node["deps"].as_array().into_iter().flatten();
            let normal =
                deps.filter(|dep| dep["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null()));
            (node["id"].as_str().unwrap(), normal.map(|dep| dep["pkg"].as_str().unwrap()).collect())
        })
        .collect()
}

fn names(metadata: &serde_json::Value) -> BTreeMap<&str, &str> {
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap())).collect()
}

#[test]
fn each_package_imports_only_what_it_may() {
    let metadata = metadata();
    let (names, graph) = (names(&metadata), normal_dependencies(&metadata));
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    assert_eq!(
        members.iter().map(|id| names[id]).collect::<BTreeSet<_>>(),
        allowed.keys().copied().collect::<BTreeSet<_>>(),
        "every package of the workspace stands in this file's table"
    );
    for member in &members {
        for dependency in graph[member].iter().filter(|dependency| members.contains(*dependency)) {
            assert!(
                allowed[names[member]].contains(&names[dependency]),
                "{} may not import {}",
                names[member],
                names[dependency]
            );
        }
    }
}

#[test]
fn one_provider_needs_neither_a_database_nor_a_command_line() {
    let metadata = metadata();
    let (names, graph) = (names(&metadata), normal_dependencies(&metadata));
    let start = *names.iter().find(|(_, name)| **name == "machine-local").expect("machine-local exists").0;
    let (mut seen, mut queue) = (BTreeSet::from([start]), vec![start]);
    while let Some(package) = queue.pop() {
        for dependency in &graph[package] {
            if seen.insert(dependency) {
                queue.push(dependency);
            }
        }
    }
    assert!(seen.len() > 10, "the graph was followed");
    for package in seen {
        assert!(!HEAVY.contains(&names[package]), "machine-local pulls in {}", names[package]);
    }
}

#[test]
fn unsafe_code_lives_in_sys_only() {
    let crates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates")).expect("crates/");
    let mut checked = 0;
    for dir in crates.map(|entry| entry.unwrap().path()) {
        if dir.file_name().is_some_and(|name| name == "sys") {
            continue;
        }
        for root in ["src/lib.rs", "src/main.rs"].map(|file| dir.join(file)) {
            if let Ok(text) = std::fs::read_to_string(&root) {
                assert!(text.contains("#![forbid(unsafe_code)]"), "{} does not forbid unsafe code", root.display());
                checked += 1;
            }
        }
    }
    assert!(checked >= 6, "only {checked} crate roots were found");
}
