//! The ledger, and creating and destroying through it.
#![forbid(unsafe_code)]
