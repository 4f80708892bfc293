//! The workspace as cargo sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Every package that this computer compiles, and who needs whom. Packages go by cargo's ids, which are unique.
#[derive(Debug)]
pub struct Workspace {
    packages: BTreeMap<String, Value>,
    members: BTreeSet<String>,
    needs: BTreeMap<String, BTreeSet<String>>,
}

/// The directory of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are below the root").to_owned()
}

impl Workspace {
    /// Asks cargo.
    pub fn load() -> Self {
        let output = Command::new(env!("CARGO"))
            // Only what this platform compiles has been downloaded, so only that can be asked about.
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host()])
            .current_dir(root())
            .output()
            .expect("cargo metadata runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
        let packages = list(&metadata["packages"]).map(|package| (text(&package["id"]), package.clone())).collect();
        let needs = list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), normal(node))).collect();
        Self { packages, members: list(&metadata["workspace_members"]).map(text).collect(), needs }
    }

    /// The packages of this repository by name, with their ids.
    pub fn members(&self) -> BTreeMap<&str, &str> {
        self.members.iter().map(|id| (self.name(id), id.as_str())).collect()
    }

    /// A package's name.
    pub fn name(&self, id: &str) -> &str {
        self.packages[id]["name"].as_str().expect("a package has a name")
    }

    /// What cargo says of a package.
    pub fn package(&self, id: &str) -> &Value {
        &self.packages[id]
    }

    /// What a package itself names: its normal dependencies, which everybody who uses it compiles.
    pub fn direct<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.needs[id].iter().map(String::as_str)
    }

    /// Everything that a user of the package compiles, the package itself left out.
    pub fn all<'a>(&'a self, id: &'a str) -> BTreeSet<&'a str> {
        let (mut seen, mut queue) = (BTreeSet::new(), vec![id]);
        while let Some(package) = queue.pop() {
            queue.extend(self.direct(package).filter(|dependency| seen.insert(*dependency)));
        }
        seen
    }
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("rustc speaks UTF-8");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

/// The normal dependencies of a node of the graph; not those of tests and build scripts.
fn normal(node: &Value) -> BTreeSet<String> {
    list(&node["deps"])
        .filter(|dependency| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()))
        .map(|dependency| text(&dependency["pkg"]))
        .collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
