//! Tests of the workspace as a whole live in the files of `tests/` beside this one.

#![forbid(unsafe_code)]
