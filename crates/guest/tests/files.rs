//! Files in and out of a machine, and what changed in between.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod harness;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use harness::{Machine, shell};
use machine_guest::archive::{Packer, Summary, unpack};
use machine_guest::orders::RepoOrder;

fn feed(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may refuse before it has read everything.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn archive(tree: &Path, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut packer = Packer::new(&mut bytes);
    packer.add_tree(tree, Path::new(name)).unwrap();
    packer.finish().unwrap();
    bytes
}

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_is_received_is_there_and_what_is_sent_comes_back() {
    let machine = Machine::new();
    let (from, back) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir_all(from.path().join("a/b")).unwrap();
    fs::write(from.path().join("a/b/file"), "hello").unwrap();
    let output = feed(machine.guest(&["receive", "/work"]), &archive(from.path(), "tree"));
    assert!(output.status.success(), "{output:?}");
    let summary: Summary = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary, Summary { files: 1, bytes: 5 });
    assert_eq!(fs::read(machine.work().join("tree/a/b/file")).unwrap(), b"hello");

    let output = machine.guest(&["send", "/work/tree", "a/b", "/work/tree/a/b/file"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    unpack(&output.stdout[..], back.path(), None).unwrap();
    assert_eq!(fs::read(back.path().join("a/b/file")).unwrap(), b"hello");

    let output = machine.guest(&["send", "/work/tree", "a", "missing"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing` does not exist"), "{output:?}");
}

#[test]
fn files_are_received_as_cp_would_copy_them() {
    let machine = Machine::new();
    let from = tempfile::tempdir().unwrap();
    fs::write(from.path().join("f"), "x").unwrap();
    let bytes = archive(&from.path().join("f"), "f");
    for (target, place) in [("/work/new", "new"), ("/work", "f"), ("/work/", "f")] {
        assert!(feed(machine.guest(&["receive-as", target]), &bytes).status.success(), "{target}");
        assert_eq!(fs::read(machine.work().join(place)).unwrap(), b"x");
    }
    for target in ["/work/missing/", "/work/missing/f"] {
        let output = feed(machine.guest(&["receive-as", target]), &bytes);
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("directory"), "{output:?}");
    }
}

#[test]
fn changes_come_back_as_a_patch_that_applies() {
    let machine = Machine::new();
    let copy = tempfile::tempdir().unwrap();
    for directory in [machine.work(), copy.path().to_owned()] {
        fs::write(directory.join(".gitignore"), "ignored\n").unwrap();
        fs::write(directory.join("text"), "one\ntwo\n").unwrap();
        fs::write(directory.join("crlf.txt"), "a\r\nb\r\n").unwrap();
        fs::write(directory.join(".gitattributes"), "*.txt text eol=lf\n*.bin filter=evil\n").unwrap();
        fs::write(directory.join("gone"), "bye\n").unwrap();
        fs::write(directory.join("data.bin"), [0, 1, 2, 255]).unwrap();
    }
    let script = "echo three >> text; rm gone; printf 'a\\r\\nc\\r\\n' > crlf.txt; printf '\\000\\003' > data.bin; \
                  mkdir new; echo new > 'new/with space'; chmod +x text; echo x > ignored; ln -s text link; \
                  git config --global filter.evil.clean 'touch /tmp/evil-was-here; cat' || true";
    let mut orders = shell(script);
    orders.env = vec![machine_core::EnvVar::new("HOME", machine.work().to_str().unwrap())];
    orders.baselines = vec!["".into()];
    let told = machine.run(&orders);
    assert_eq!(told.last().status.code, Some(0), "{told:?}");
    fs::remove_file(machine.work().join(".gitconfig")).unwrap();
    let output = machine.guest(&["patch", "/work"]).env("HOME", machine.work()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    git(copy.path(), &["init", "--quiet"]);
    fs::write(copy.path().join("../the.patch"), &output.stdout).unwrap();
    git(copy.path(), &["apply", "--whitespace=nowarn", "../the.patch"]);
    fs::remove_file(copy.path().join("../the.patch")).unwrap();
    let read = |path: &str| fs::read(copy.path().join(path)).unwrap();
    assert_eq!(read("text"), b"one\ntwo\nthree\n");
    assert_eq!(read("crlf.txt"), b"a\r\nc\r\n");
    assert_eq!(read("data.bin"), [0, 3]);
    assert_eq!(read("new/with space"), b"new\n");
    assert_eq!(fs::read_link(copy.path().join("link")).unwrap(), Path::new("text"));
    assert!(!copy.path().join("gone").exists() && !copy.path().join("ignored").exists());
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(copy.path().join("text")).unwrap().permissions());
    assert_eq!(mode & 0o111, 0o111);

    let output = machine.guest(&["patch", "/work/new"]).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("was not remembered"), "{output:?}");
}

#[test]
fn repositories_are_there_when_the_job_starts() {
    let machine = Machine::new();
    let origin = tempfile::tempdir().unwrap();
    git(origin.path(), &["init", "--quiet"]);
    fs::write(origin.path().join("file"), "old\n").unwrap();
    git(origin.path(), &["add", "."]);
    git(origin.path(), &["commit", "--quiet", "-m", "one"]);
    let first = git(origin.path(), &["rev-parse", "HEAD"]).trim().to_owned();
    git(origin.path(), &["checkout", "--quiet", "-b", "feature"]);
    fs::write(origin.path().join("file"), "new\n").unwrap();
    git(origin.path(), &["commit", "--quiet", "-am", "two"]);
    let url = format!("file://{}", origin.path().display());
    let order = |name: &str, reference: Option<&str>| RepoOrder {
        name: name.to_owned(),
        url: url.clone(),
        reference: reference.map(str::to_owned),
        sent: false,
        credential: None,
    };
    let sent = RepoOrder { sent: true, ..order("sent", Some("main")) };
    git(&machine.work(), &["clone", "--quiet", "--no-checkout", "--branch", "main", &url, "sent"]);
    let mut orders = shell("cat branch/file default/file commit/file sent/file; git -C branch remote get-url origin");
    orders.repos = vec![order("branch", Some("main")), order("default", None), order("commit", Some(&first)), sent];
    let told = machine.run(&orders);
    assert_eq!(told.out(), format!("old\nnew\nold\nold\n{url}\n"), "{told:?}");

    let mut orders = shell("echo never");
    orders.repos = vec![order("missing", Some("no-such-branch"))];
    let told = machine.run(&orders);
    let status = &told.last().status;
    assert_eq!((status.code, told.out().as_str()), (Some(125), ""));
    assert!(status.message.as_ref().unwrap().contains("no-such-branch"), "{status:?}");
}
