//! Readers that go away, and disks that are full.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::{Home, end_of};

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    for number in 0..3 {
        home.machine(["create", &format!("box-{number}")]).expect(0);
    }
    home.machine(["create", "talks", "--", "sh", "-c", "seq 1000000"]).expect(0);
    home.machine(["wait", "talks"]).expect(0);
    for args in [&["list"][..], &["list", "-o", "json"], &["logs", "talks"], &["logs", "-f", "talks"], &["--help"]] {
        let mut child = home.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{args:?}");
        let said = end_of(child).expect(0);
        assert_eq!(said.stderr, "", "{args:?}");
    }
    let ids = home.machine(["list", "-o", "ids"]).expect(0).out();
    home.machine(["destroy", "-y"].into_iter().chain(ids.lines())).expect(0);
    home.assert_clean();
}

#[test]
fn a_full_disk_is_a_failure() {
    let home = Home::new();
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = home.command(["list", "-o", "json"]).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    let said = end_of(child).expect(1);
    assert!(said.stderr.contains("cannot write the output"), "{}", said.stderr);
    let child = home.command(["run", "--", "echo", "x"]).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    let said = end_of(child).expect(125);
    assert!(said.stderr.contains("cannot write the output"), "{}", said.stderr);
    // Long output: there is more to write when it is known that nothing can be written.
    home.machine(["create", "long", "--", "sh", "-c", "yes | head -c 10000000"]).expect(0);
    home.machine(["wait", "long"]).expect(0);
    let child = home.command(["logs", "long"]).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    let said = end_of(child).expect(1);
    assert!(said.stderr.starts_with("error: cannot write the output"), "{}", said.stderr);
    assert_eq!(said.stderr.lines().count(), 1, "once: {}", said.stderr);
    home.machine(["destroy", "-y", "long"]).expect(0);
    home.assert_clean();
}

#[test]
fn quiet_means_quiet() {
    let home = Home::new();
    let said = home.machine(["run", "-q", "--", "true"]).expect(0);
    assert_eq!((said.out().as_str(), said.stderr.as_str()), ("", ""));
    let said = home.machine(["--log", "debug", "list"]).expect(0);
    assert_eq!(said.out(), "");
    home.machine(["--log", "no=such=level", "list"]).expect(2);
}
