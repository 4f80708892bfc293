//! The real command before the simulated clouds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helper fails by panicking")]

mod bad_input;
mod budget;
mod counted;
mod dry_run;
mod flags;
mod lists;
mod planning;
mod regions;
mod rows;
mod scene;
