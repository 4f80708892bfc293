//! What is said to the cloud, and what is made of its answers, over real sockets.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test's helper fails by panicking")]

mod cloud;
mod support;

mod create;
mod list;
mod others;
mod power;
mod update;
mod volumes;
