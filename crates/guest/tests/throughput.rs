//! How much a guest carries. Prints what it measured; fails only when something is badly wrong.

#![cfg(target_os = "linux")]

mod harness;

use std::time::{Duration, Instant};

use harness::{Machine, shell};

#[test]
fn a_million_lines() {
    let machine = Machine::new();
    let began = Instant::now();
    let told = machine.run(&shell("yes 'a line of forty characters, line feed..' | head -n 1000000"));
    let took = began.elapsed();
    assert_eq!((told.stdout.len(), told.lost), (40_000_000, 0));
    println!("1,000,000 lines ({} frames) through guest and decoder in {took:?}", told.frames);
    // Without optimisation, on a busy computer.
    assert!(took < Duration::from_secs(30), "{took:?}");
}
