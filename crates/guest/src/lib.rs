//! The program inside a machine: runs a job, frames its output, tells how it ended.
#![forbid(unsafe_code)]
