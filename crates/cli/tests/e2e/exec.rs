//! `machine exec` and `machine cp`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::support::{Home, end_of, eventually, signal};

#[test]
fn the_exit_code_and_the_streams_are_the_commands() {
    let home = Home::new();
    home.machine(["create", "box-1"]).expect(0);
    let said = home.machine(["exec", "box-1", "--", "sh", "-c", "echo out; printf err >&2; exit 3"]).expect(3);
    assert_eq!((said.out().as_str(), said.stderr.as_str()), ("out\n", "err"));
    home.machine(["exec", "box-1", "--", "no-such-program"]).expect(127);
    home.machine(["exec", "box-1", "--", "/etc/passwd"]).expect(126);
    home.machine(["exec", "box-1", "--", "sh", "-c", "kill -TERM $$"]).expect(143);
    let said = home.machine(["exec", "--workdir", "/tmp", "--env", "A=b c", "box-1", "sh", "-c", "pwd; echo $A"]);
    assert_eq!(said.expect(0).out(), "/tmp\nb c\n");
    let input = vec![b'x'; 1 << 20];
    assert!(home.machine_with_input(["exec", "box-1", "--", "cat"], &input).expect(0).stdout == input);
    let said = home.machine(["exec", "bxo-1", "--", "true"]).expect(125);
    assert!(said.stderr.contains("box-1"), "the nearest name: {}", said.stderr);
    home.machine(["destroy", "-y", "box-1"]).expect(0);
    home.assert_clean();
}

#[test]
fn a_signal_reaches_the_command() {
    let home = Home::new();
    home.machine(["create", "box-1"]).expect(0);
    let mut child = home
        .command(["exec", "box-1", "--", "sh", "-c", "trap 'exit 9' INT; echo runs; while :; do sleep 0.1; done"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    crate::support::read_until(&mut reader, "runs\n");
    signal(&child, rustix::process::Signal::INT);
    end_of(child).expect(9);
    home.machine(["destroy", "-y", "box-1"]).expect(0);
    home.assert_clean();
}

#[test]
fn the_end_of_the_client_hangs_up() {
    let home = Home::new();
    home.machine(["create", "box-1"]).expect(0);
    let mut child = home
        .command(["exec", "box-1", "--", "sh", "-c", "echo runs; exec sleep 987654"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    crate::support::read_until(&mut reader, "runs\n");
    signal(&child, rustix::process::Signal::KILL);
    end_of(child).expect(137);
    eventually("the command to be hung up", || {
        home.machine(["exec", "box-1", "--", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"])
            .out()
            .lines()
            .all(|line| !line.contains("sleep 987654"))
    });
    home.machine(["destroy", "-y", "box-1"]).expect(0);
    home.assert_clean();
}

#[test]
fn files_go_in_and_come_out() {
    let home = Home::new();
    home.machine(["create", "box-1"]).expect(0);
    let tree = home.path().join("tree");
    fs::create_dir_all(tree.join("deep/er")).unwrap();
    fs::write(tree.join("deep/er/file"), [0, 255, 10]).unwrap();
    fs::write(tree.join("run.sh"), "#!/bin/sh\necho ran\n").unwrap();
    fs::set_permissions(tree.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("run.sh", tree.join("link")).unwrap();

    home.machine(["cp", "tree", "box-1:/tmp/copy"]).expect(0);
    assert_eq!(home.machine(["exec", "box-1", "--", "/tmp/copy/link"]).expect(0).out(), "ran\n");
    home.machine(["cp", "box-1:/tmp/copy", "back"]).expect(0);
    assert_eq!(fs::read(home.path().join("back/deep/er/file")).unwrap(), [0, 255, 10]);
    assert_eq!(fs::read_link(home.path().join("back/link")).unwrap().to_str(), Some("run.sh"));

    fs::write(home.path().join("a:b"), "colon").unwrap();
    home.machine(["cp", "./a:b", "box-1:/tmp/"]).expect(0);
    home.machine(["cp", "box-1:/tmp/a:b", "out"]).expect(0);
    assert_eq!(fs::read_to_string(home.path().join("out")).unwrap(), "colon");

    let said = home.machine(["cp", "no-such-file", "box-1:/tmp/"]);
    assert!(said.code != 0 && said.stderr.contains("no-such-file"), "{said:?}");
    let said = home.machine(["cp", "box-1:/no/such/file", "x"]);
    assert!(said.code != 0 && said.stderr.contains("/no/such/file"), "{said:?}");
    home.machine(["cp", "a", "b"]).expect(2);
    home.machine(["cp", "box-1:a", "box-1:b"]).expect(2);
    home.machine(["destroy", "-y", "box-1"]).expect(0);
    home.assert_clean();
}
