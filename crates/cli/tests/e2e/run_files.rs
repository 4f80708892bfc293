//! `machine run`: directories and repositories that go in, files and patches that come out.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Home;

fn git(dir: &Path, args: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn project(home: &Home) -> std::path::PathBuf {
    let dir = home.path().join("project");
    fs::create_dir_all(dir.join("target")).unwrap();
    fs::write(dir.join(".gitignore"), "target/\n").unwrap();
    fs::write(dir.join("target/big"), "ignored").unwrap();
    fs::write(dir.join("hello.txt"), "hello\n").unwrap();
    dir
}

#[test]
fn a_directory_goes_in_and_files_come_back() {
    let home = Home::new();
    let dir = project(&home);
    git(&dir, &["init", "-q"]);
    git(&dir, &["add", "."]);
    git(&dir, &["commit", "-qm", "one"]);
    let mut command = home.command(["run", "--sync", ".", "--fetch", "made", "--patch", "../change.patch", "--"]);
    command.args(["sh", "-ec", "test ! -e target/big; mkdir made; echo 1 > made/one; echo more >> hello.txt; pwd"]);
    command.current_dir(&dir);
    crate::support::finish(command, b"").expect(0);
    assert_eq!(fs::read_to_string(dir.join("made/one")).unwrap(), "1\n");
    assert_eq!(fs::read_to_string(dir.join("hello.txt")).unwrap(), "hello\n", "only a copy was changed");
    fs::remove_dir_all(dir.join("made")).unwrap();
    git(&dir, &["apply", "../change.patch"]);
    assert_eq!(fs::read_to_string(dir.join("hello.txt")).unwrap(), "hello\nmore\n");
    home.assert_clean();
}

#[test]
fn a_repository_is_cloned() {
    let home = Home::new();
    let dir = project(&home);
    git(&dir, &["init", "-q"]);
    git(&dir, &["add", "."]);
    git(&dir, &["commit", "-qm", "one"]);
    git(&dir, &["tag", "v1"]);
    fs::write(dir.join("hello.txt"), "changed\n").unwrap();
    git(&dir, &["commit", "-qam", "two"]);
    let url = format!("file://{}", dir.display());
    assert_eq!(home.machine(["run", "--repo", &url, "--", "cat", "hello.txt"]).expect(0).out(), "changed\n");
    let tagged = format!("{url}#v1");
    assert_eq!(home.machine(["run", "--repo", &tagged, "--", "cat", "hello.txt"]).expect(0).out(), "hello\n");
    let missing = format!("{url}#no-such-ref");
    let said = home.machine(["run", "--repo", &missing, "--", "true"]).expect(125);
    assert!(said.stderr.contains("no-such-ref"), "{}", said.stderr);
    home.assert_clean();
}

#[test]
fn what_cannot_be_brought_back_is_said() {
    let home = Home::new();
    let job = ["--", "sh", "-c", "echo made >made"];
    let said = home.machine(["run", "--fetch", "never-made", "--fetch", "made"].into_iter().chain(job)).expect(125);
    assert!(said.stderr.contains("never-made"), "{}", said.stderr);
    // What is there comes all the same: it is gone with the machine.
    assert_eq!(fs::read_to_string(home.path().join("made")).unwrap(), "made\n");
    let said = home.machine(["run", "--patch", "/no/such/dir/patch", "--", "echo", "ran"]).expect(125);
    assert!(said.stderr.contains("/no/such/dir/patch") && said.stdout.is_empty(), "{said:?}");
    home.assert_clean();
}

#[test]
fn our_own_state_is_not_copied_in() {
    let home = Home::new();
    let tree = home.path().join("tree");
    fs::create_dir_all(tree.join("state")).unwrap();
    fs::write(tree.join("kept"), "").unwrap();
    let mut command = home.command(["run", "--sync", tree.to_str().unwrap(), "--", "ls"]);
    command.env("MACHINE_STATE_DIR", tree.join("state"));
    assert_eq!(crate::support::finish(command, b"").expect(0).out(), "kept\n");
}

#[test]
fn a_job_that_cannot_be_started_leaves_nothing_when_we_return() {
    let home = Home::new();
    let tree = project(&home);
    let read_only = format!("{}:/work/project", tree.display());
    fs::create_dir_all(home.path().join("outer/project")).unwrap();
    fs::write(home.path().join("outer/project/hello.txt"), "other").unwrap();
    let said = home.machine(["run", "--mount", &read_only, "--sync", "outer", "--", "true"]).expect(125);
    assert!(said.stderr.contains("hello.txt"), "{}", said.stderr);
    // At once: not when somebody comes and cleans up.
    let machines = fs::read_dir(home.state().join("local/machines")).unwrap().count();
    assert_eq!(machines, 0);
    home.assert_clean();
}
