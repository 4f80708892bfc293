use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::*;

/// The names that a working tree is packed as.
fn packed(root: &Path) -> BTreeSet<String> {
    packed_without(root, &[])
}

fn packed_without(root: &Path, leave_out: &[&Path]) -> BTreeSet<String> {
    let mut bytes = Vec::new();
    let mut packer = Packer::new(&mut bytes);
    pack_working_tree(&mut packer, root, leave_out.iter().map(|path| path.to_path_buf()).collect()).unwrap();
    packer.finish().unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
}

#[test]
fn gitignore_is_respected_at_every_level_and_history_goes_along_whole() {
    let tree = tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put(".gitignore", "target/\n*.log\nbuild\n");
    put("src/main.rs", "fn main() {}");
    put("src/.gitignore", "!kept.log\n/local\n");
    put("src/kept.log", "");
    put("src/local", "");
    put("other/local", "");
    put("debug.log", "");
    put("target/debug/app", "");
    put(".hidden", "");
    put(".git/HEAD", "ref: refs/heads/build");
    put(".git/refs/heads/build", "0");
    put("nested/.git/logs.log", "");
    std::os::unix::fs::symlink("src/main.rs", tree.path().join("link")).unwrap();
    let names = packed(tree.path());
    for name in [
        ".gitignore",
        "src/main.rs",
        "src/kept.log",
        "other/local",
        ".hidden",
        ".git/HEAD",
        ".git/refs/heads/build",
        "nested/.git/logs.log",
        "link",
    ] {
        assert!(names.contains(name), "{name} is missing in {names:?}");
    }
    for name in ["debug.log", "target", "target/debug/app", "src/local"] {
        assert!(!names.contains(name), "{name} went along");
    }
    // Each once.
    assert_eq!(names.iter().filter(|name| name.ends_with("HEAD")).count(), 1);
}

#[test]
fn what_is_tracked_goes_along_although_a_pattern_excludes_it() {
    let tree = tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let done = Command::new("git").current_dir(tree.path()).args(arguments).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "--quiet"]);
    fs::create_dir(tree.path().join("vendor")).unwrap();
    for name in [".gitignore", "vendor/forced", "vendor/not", "gone"] {
        fs::write(tree.path().join(name), "vendor/\n").unwrap();
    }
    git(&["add", "--force", ".gitignore", "vendor/forced", "gone"]);
    fs::remove_file(tree.path().join("gone")).unwrap();
    let names = packed(tree.path());
    assert!(names.contains("vendor/forced") && names.contains(".git/index"), "{names:?}");
    assert!(!names.contains("vendor/not") && !names.contains("gone"), "{names:?}");
}

#[test]
fn what_is_to_stay_here_does_not_go_along() {
    let tree = tempdir().unwrap();
    fs::create_dir_all(tree.path().join("state/local/machines")).unwrap();
    fs::write(tree.path().join("state/ledger.db"), "").unwrap();
    fs::write(tree.path().join("statement"), "").unwrap();
    let names = packed_without(tree.path(), &[&tree.path().join("state")]);
    assert_eq!(names, BTreeSet::from(["statement".to_owned()]));
}
