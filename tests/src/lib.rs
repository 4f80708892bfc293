//! Tests of the workspace as a whole live in the files of `tests/` beside this one; here is what they share.

#![forbid(unsafe_code)]
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test's helper fails by panicking")]

pub mod documents;
pub mod snapshot;
pub mod workspace;
