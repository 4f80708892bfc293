//! Jobs on machines.
#![forbid(unsafe_code)]
