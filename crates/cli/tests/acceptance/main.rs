//! The older Python tool of this name, and what its users rely on: each row of the table of its features is a test, which is called
//! as the row is. `rows.rs` has the table; each test asks the real command, before a simulated cloud.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test's helper fails by panicking"
)]

mod check;
mod config;
mod create;
mod create_body;
mod defects;
mod defects_too;
mod destroy;
mod dns;
mod downstream;
mod list;
mod offline;
#[path = "../e2e/playing.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod playing;
mod rows;
mod safety;
mod stage;
mod status;
#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "as above")]
mod support;
