//! What tests of real machines share.
//!
//! The supervisor of a machine is the program that embeds this provider, executed again. In a test that is the test
//! program itself: its `main` is [`run`], which calls `machine_local::dispatch` before anything else.
#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod control;
pub(crate) mod machine;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};

/// A test by its name.
pub(crate) type Case = (&'static str, fn());

/// The `main` of a test program.
pub(crate) fn run(cases: &[Case]) -> ExitCode {
    if let Some(code) = machine_local::dispatch() {
        return code;
    }
    let trial = |&(name, case): &Case| {
        Trial::test(name, move || {
            case();
            Ok::<(), Failed>(())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), cases.iter().map(trial).collect()).exit_code()
}

/// Waits until `what` is so, and fails after a while.
pub(crate) fn until(sentence: &str, mut what: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !what() {
        assert!(Instant::now() < deadline, "{sentence}: not so after 10 s");
        std::thread::sleep(Duration::from_millis(2));
    }
}
