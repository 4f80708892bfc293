//! The one HTTP client of all cloud providers: authentication, attempts, rates, pages, and nothing secret on show.
//!
//! A [`Client`] is one account at one cloud. It decides what may be sent again by one [table](verdict), corrected by the
//! cloud's own [`Dialect`]; every error says what the request may have done. No other crate of the workspace speaks HTTP to a
//! cloud, and this is the only one that names `reqwest`.

#![forbid(unsafe_code)]

mod answer;
mod client;
mod dialect;
mod limit;
mod pages;
mod redact;
mod request;
mod table;

pub use client::{Client, ClientBuilder, Timing};
pub use dialect::{Dialect, Refusal};
pub use limit::Rate;
pub use pages::{Numbered, by_cursor, distinct, numbered};
pub use request::Request;
pub use table::{Class, Ended, Verdict, verdict};
