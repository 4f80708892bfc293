//! `machine run`: every way in which it can end, and that nothing is left afterwards.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{Home, end_of, eventually, read_until, signal};

/// A job that says that it runs, and then goes on for a long time.
fn long_job(home: &Home, script: &str) -> (Child, BufReader<ChildStdout>) {
    let script = format!("echo runs; {script}");
    let mut child =
        home.command(["run", "--", "sh", "-c", &script]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    read_until(&mut reader, "runs\n");
    (child, reader)
}

#[test]
fn our_time_limit_is_124() {
    let home = Home::new();
    let started = Instant::now();
    let said = home.machine(["run", "--timeout", "1s", "--", "sh", "-c", "echo begun; sleep 60"]).expect(124);
    assert_eq!(said.out(), "begun\n");
    assert!(said.stderr.contains("time limit"), "{}", said.stderr);
    assert!(started.elapsed() < Duration::from_secs(15));
    home.assert_clean();
}

#[test]
fn a_signal_ends_the_job_and_its_machine() {
    let home = Home::new();
    for (number, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (child, _reader) = long_job(&home, "sleep 60");
        signal(&child, number);
        let said = end_of(child).expect(code);
        assert!(said.stderr.contains("ending"), "{}", said.stderr);
        home.assert_clean();
    }
}

#[test]
fn a_job_that_will_not_end_is_ended() {
    let home = Home::new();
    let (child, _reader) = long_job(&home, "trap '' TERM INT HUP; while :; do sleep 1; done");
    signal(&child, Signal::INT);
    end_of(child).expect(130);
    home.assert_clean();
}

#[test]
fn the_second_signal_leaves_at_once_and_the_reaper_does_the_rest() {
    let home = Home::new();
    let (child, _reader) = long_job(&home, "trap '' TERM INT HUP; while :; do sleep 1; done");
    signal(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    signal(&child, Signal::INT);
    end_of(child).expect(130);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    eventually("the reaper to end the machine", || home.names().is_empty());
    home.assert_clean();
}

#[test]
fn kill_9_leaves_nothing() {
    let home = Home::new();
    let (child, mut reader) = long_job(&home, "while :; do echo on; sleep 0.01; done");
    read_until(&mut reader, "on\non\n");
    assert_eq!(home.names().len(), 1);
    signal(&child, Signal::KILL);
    end_of(child).expect(137);
    eventually("the reaper to end the machine", || home.names().is_empty());
    home.assert_clean();
}

#[test]
fn kill_9_at_any_moment_leaves_nothing() {
    let home = Home::new();
    for millis in [0, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 20, 25, 30, 40, 60] {
        let child =
            home.command(["run", "--", "sleep", "60"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        signal(&child, Signal::KILL);
        end_of(child).expect(137);
    }
    eventually("the reapers to end the machines", || home.names().is_empty() && home.processes().is_empty());
    home.assert_clean();
}

#[test]
fn nobody_reading_ends_the_job() {
    let home = Home::new();
    let mut child = home.command(["run", "--", "yes"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "y\n");
    // As a shell says of a program that SIGPIPE ended.
    let said = end_of(child).expect(141);
    assert!(!said.stderr.contains("error"), "{}", said.stderr);
    home.assert_clean();
}

#[test]
fn our_own_failures_are_125_with_their_cause() {
    let home = Home::new();
    let causes: &[(&[&str], &str)] = &[
        (&["--name", "Bad_Name"], "Bad_Name"),
        (&["--sync", "no/such/dir"], "no/such/dir"),
        (&["--mount", "/no/such/dir"], "/no/such/dir"),
        (&["--env-file", "no-such-file"], "no-such-file"),
        (&["--volume", "data:/srv"], "data"),
        (&["--publish", "80:80"], "--net none"),
        (&["--provider", "locla"], "local"),
        (&["-t"], "terminal"),
    ];
    for (flags, cause) in causes {
        let args = ["run"].iter().chain(*flags).chain(&["--", "true"]);
        let said = home.machine(args).expect(125);
        assert!(said.stderr.contains("error:") && said.stderr.contains(cause), "{flags:?}: {}", said.stderr);
    }
    home.assert_clean();
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let home = Home::new();
    home.machine(["create", "taken"]).expect(0);
    let said = home.machine(["run", "--name", "taken", "--", "true"]).expect(125);
    assert!(said.stderr.contains("taken"), "{}", said.stderr);
    assert_eq!(home.names(), ["taken"]);
    home.machine(["destroy", "--yes", "taken"]).expect(0);
    home.assert_clean();
}

#[test]
fn want_of_memory_is_named() {
    let home = Home::new();
    let script = r"x=$(head -c 300000000 /dev/zero | tr '\0' x); echo ok";
    let said = home.machine(["run", "--memory", "64m", "--", "sh", "-c", script]);
    // An ordinary user is told that there is no limit.
    if said.stderr.contains("limits not enforced") {
        return;
    }
    let said = said.expect(137);
    assert!(said.stderr.contains("want of memory"), "{}", said.stderr);
    home.assert_clean();
}
