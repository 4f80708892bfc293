//! What each package makes its users compile: a number that only goes up when somebody says so.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use machine_tests::snapshot::assert_recorded;
use machine_tests::workspace::{Workspace, root};

/// For every package, how many others come with it; then by name those that come with nothing of ours that it imports, so
/// that each stands where it comes from. Versions are `Cargo.lock`'s business.
#[test]
#[cfg_attr(not(target_arch = "x86_64"), ignore = "recorded for x86_64; some packages differ by processor")]
fn dependencies_are_as_recorded() {
    let workspace = Workspace::load();
    let members = workspace.members();
    let mut now = String::new();
    for (name, id) in &members {
        let all = workspace.all(id);
        let ours: BTreeSet<&str> = all.iter().copied().filter(|id| members.values().any(|ours| ours == id)).collect();
        let with_ours: BTreeSet<&str> = ours.iter().flat_map(|id| workspace.all(id)).collect();
        let own: BTreeSet<&str> =
            all.difference(&with_ours).filter(|id| !ours.contains(*id)).map(|id| workspace.name(id)).collect();
        let _ = writeln!(now, "{name}: {}", all.len());
        for package in own {
            let _ = writeln!(now, "  {package}");
        }
    }
    assert_recorded(&root().join("tests/dependencies.snap"), &now);
}
