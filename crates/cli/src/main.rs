//! The `machine` command.
#![forbid(unsafe_code)]
fn main() {}
