//! Waiting for any child. In a program of its own, because it takes note of children that other tests wait for.

#![cfg(target_os = "linux")]

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use machine_sys::{Ended, Pid, wait_any};

#[test]
#[expect(clippy::zombie_processes, reason = "it is waited for by the function under test")]
fn children_in_other_groups_are_waited_for_too() {
    let child = Command::new("sh").args(["-c", "exit 7"]).process_group(0).spawn().unwrap();
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    let until = Instant::now() + Duration::from_secs(5);
    let mut seen = None;
    while seen.is_none() && Instant::now() < until {
        seen = wait_any().unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(seen, Some((pid, Ended::Exited(7))));
}
