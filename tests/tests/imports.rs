//! Who may import whom. The house stands as long as this does: a provider never knows the command line, and nothing but
//! the command line knows a provider.

use std::collections::{BTreeMap, BTreeSet};

use machine_tests::workspace::Workspace;

/// For every package of the workspace, the packages of the workspace that it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("machine-core", &[]),
    ("machine-conformance", &["machine-core"]),
    ("machine-sys", &[]),
    ("machine-local", &["machine-core", "machine-sys"]),
    ("machine-fly", &["machine-core", "machine-http"]),
    ("machine-config", &["machine-core"]),
    ("machine-fleet", &["machine-core"]),
    ("machine-http", &["machine-core"]),
    ("machine-ssh", &["machine-core"]),
    ("machine-digitalocean", &["machine-core", "machine-http", "machine-ssh"]),
    ("machine-vultr", &["machine-core", "machine-http", "machine-ssh"]),
    ("machine-guest", &["machine-core", "machine-sys"]),
    // Written from the descriptions of the clouds, so that it can disagree with the crates that speak to them.
    ("machine-simcloud", &["machine-conformance", "machine-core", "machine-local"]),
    ("machine-agent", &["machine-core", "machine-fleet", "machine-guest"]),
    (
        "machine-cli",
        &[
            "machine-core",
            "machine-sys",
            "machine-config",
            "machine-fly",
            "machine-local",
            "machine-digitalocean",
            "machine-vultr",
            "machine-fleet",
            "machine-simcloud",
            "machine-guest",
            "machine-agent",
        ],
    ),
    ("custom-provider", &["machine-cli", "machine-core"]),
    ("machine-tests", &[]),
    ("xtask", &[]),
];

/// Databases, web servers and command lines: too heavy for a program that wants only the trait and one provider.
const HEAVY: &[&str] =
    &["sqlx", "sqlx-core", "libsqlite3-sys", "tokio-postgres", "clap", "clap_builder", "axum", "axum-core"];

/// What speaks to a network: nothing for a program whose machines are on this computer.
const REMOTE: &[&str] = &["hyper", "reqwest", "rustls"];

/// Where a provider's package is.
const PROVIDERS: &str = "crates/provider-";

#[test]
fn each_package_imports_only_what_it_may() {
    let workspace = Workspace::load();
    let members = workspace.members();
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    assert_eq!(
        members.keys().collect::<BTreeSet<_>>(),
        allowed.keys().collect::<BTreeSet<_>>(),
        "every package of the workspace stands in this file's table"
    );
    for (name, id) in &members {
        let imports = workspace.direct(id).map(|id| workspace.name(id));
        for import in imports.filter(|import| members.contains_key(import)) {
            assert!(allowed[name].contains(&import), "{name} may not import {import}");
        }
    }
}

#[test]
fn one_provider_needs_neither_a_database_nor_a_command_line() {
    let workspace = Workspace::load();
    let members = workspace.members();
    let is_provider =
        |id: &str| workspace.package(id)["manifest_path"].as_str().is_some_and(|at| at.contains(PROVIDERS));
    let providers = members.iter().filter(|(_, id)| is_provider(id));
    let checked: Vec<_> = providers.chain(members.iter().filter(|(name, _)| **name == "machine-core")).collect();
    assert!(checked.len() >= 2, "the providers were found");
    for (name, id) in checked {
        let all = workspace.all(id);
        assert!(all.len() > 10, "the graph was followed");
        let at_home = matches!(*name, "machine-core" | "machine-local");
        for needed in all.into_iter().map(|id| workspace.name(id)) {
            assert!(!HEAVY.contains(&needed), "{name} pulls in {needed}");
            assert!(!(at_home && REMOTE.contains(&needed)), "{name} pulls in {needed}");
        }
    }
}
