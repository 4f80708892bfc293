//! What goes over the wire, to a server that does as it is told.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod create;
mod exec;
mod lease;
mod list;
mod logs;
mod rig;
#[path = "../../../http/tests/server/mod.rs"]
#[allow(dead_code, reason = "it can play more than is needed here")]
mod server;
mod volumes;
mod wait;
