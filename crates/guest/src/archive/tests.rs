use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::tempdir;

use super::*;

fn pack(tree: &Path, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut packer = Packer::new(&mut bytes);
    packer.add_tree(tree, Path::new(name)).unwrap();
    packer.finish().unwrap();
    bytes
}

/// A stream that a decent packer would never write.
fn forged(entries: &[(tar::EntryType, &str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, target) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_size(if kind.is_file() { 3 } else { 0 });
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        if !target.is_empty() {
            header.set_link_name_literal(target).unwrap();
        }
        header.set_cksum();
        builder.append(&header, if kind.is_file() { &b"bad"[..] } else { b"" }).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn a_tree_survives_the_journey() {
    let (from, to) = (tempdir().unwrap(), tempdir().unwrap());
    let tree = from.path().join("tree");
    let odd = OsStr::from_bytes(b"not \xff utf-8 \n newline");
    let deep: PathBuf = (0..60).map(|n| format!("directory-{n:04}")).collect();
    fs::create_dir_all(tree.join(&deep)).unwrap();
    fs::write(tree.join(&deep).join("file"), "deep").unwrap();
    fs::write(tree.join(odd), [0, 159, 146, 150]).unwrap();
    fs::write(tree.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(tree.join("run.sh"), fs::Permissions::from_mode(0o4755)).unwrap();
    fs::create_dir(tree.join("read-only")).unwrap();
    fs::write(tree.join("read-only/inside"), "kept").unwrap();
    fs::set_permissions(tree.join("read-only"), fs::Permissions::from_mode(0o555)).unwrap();
    fs::create_dir(tree.join("empty")).unwrap();
    symlink("../nowhere", tree.join("dangling")).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(tree.join("run.sh")).unwrap().set_modified(old).unwrap();

    let summary = unpack(&pack(&tree, "tree")[..], to.path(), None).unwrap();
    let copy = to.path().join("tree");
    assert_eq!(summary.files, 5);
    assert_eq!(fs::read(copy.join(&deep).join("file")).unwrap(), b"deep");
    assert_eq!(fs::read(copy.join(odd)).unwrap(), [0, 159, 146, 150]);
    let run = fs::metadata(copy.join("run.sh")).unwrap();
    assert_eq!(run.permissions().mode() & 0o7777, 0o755, "executable, and no longer set-user-id");
    assert_eq!(run.modified().unwrap(), old);
    assert_eq!(fs::metadata(copy.join("read-only")).unwrap().permissions().mode() & 0o777, 0o555);
    assert_eq!(fs::read_link(copy.join("dangling")).unwrap(), Path::new("../nowhere"));
    assert!(copy.join("empty").is_dir());
    // So that the directory can be removed by an ordinary user.
    fs::set_permissions(tree.join("read-only"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(copy.join("read-only"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn nothing_is_written_outside() {
    use tar::EntryType::{Link, Regular, Symlink};
    let outside = tempdir().unwrap();
    let leads_out = format!("{}/victim", outside.path().display());
    let out = outside.path().to_str().unwrap();
    for entries in [
        vec![(Regular, "../victim", "")],
        vec![(Regular, "a/../../victim", "")],
        vec![(Regular, leads_out.as_str(), "")],
        vec![(Symlink, "link", out), (Regular, "link/victim", "")],
        vec![(Symlink, "link", ".."), (Regular, "link/victim", "")],
        vec![(Link, "hard", leads_out.as_str())],
    ] {
        let parent = tempdir().unwrap();
        let root = parent.path().join("root");
        let error = unpack(&forged(&entries)[..], &root, None).unwrap_err();
        assert_eq!(error.kind(), machine_core::ErrorKind::Invalid, "{entries:?}: {error}");
        assert!(!parent.path().join("victim").exists() && !Path::new(&leads_out).exists(), "{entries:?}");
    }
}

#[test]
fn links_that_stand_there_already_are_replaced_or_refused_and_never_followed() {
    let (outside, root) = (tempdir().unwrap(), tempdir().unwrap());
    let victim = outside.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, root.path().join("file")).unwrap();
    symlink(outside.path(), root.path().join("directory")).unwrap();
    unpack(&forged(&[(tar::EntryType::Regular, "file", "")])[..], root.path(), None).unwrap();
    assert_eq!(fs::read(root.path().join("file")).unwrap(), b"bad");
    let error = unpack(&forged(&[(tar::EntryType::Regular, "directory/victim", "")])[..], root.path(), None);
    assert!(error.unwrap_err().to_string().contains("is in the way"));
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn a_cut_stream_is_an_error() {
    let (from, to) = (tempdir().unwrap(), tempdir().unwrap());
    fs::write(from.path().join("file"), vec![7; 10_000]).unwrap();
    let bytes = pack(from.path(), "x");
    let error = unpack(&bytes[..bytes.len() / 2], to.path(), None).unwrap_err();
    assert_eq!(error.kind(), machine_core::ErrorKind::Protocol, "{error}");
}

#[test]
fn an_unreadable_file_is_named_and_a_socket_is_left_out() {
    let from = tempdir().unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(from.path().join("socket")).unwrap();
    let mut packer = Packer::new(Vec::new());
    packer.add_tree(from.path(), Path::new("x")).unwrap();
    let error = packer.add(&from.path().join("missing"), Path::new("y")).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    let (summary, skipped) = packer.finish().unwrap();
    assert_eq!(summary.files, 0);
    assert!(skipped[0].contains("socket"), "{skipped:?}");
}

#[test]
fn destinations_are_those_of_cp() {
    let root = tempdir().unwrap();
    let directory = root.path().join("there");
    fs::create_dir(&directory).unwrap();
    assert_eq!(destination(&directory, false), (directory.clone(), None));
    let new = root.path().join("new");
    assert_eq!(destination(&new, false), (root.path().to_owned(), Some("new".into())));
    assert_eq!(destination(&new, true), (new, None));
    assert_eq!(destination(Path::new("name"), false), (".".into(), Some("name".into())));
}
