//! What one cloud's answers mean beyond their status.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::table::{Class, Verdict};

/// An answer that says that a request failed.
#[derive(Debug)]
pub struct Refusal<'a> {
    /// What repeating the request would do.
    pub class: Class,
    /// The status.
    pub status: u16,
    /// The body, where it is JSON.
    pub json: Option<&'a Value>,
    /// The body, whatever it is.
    pub body: &'a Bytes,
    /// What the cloud says in words, as [`Dialect::words`] found it.
    pub words: &'a str,
}

/// What one cloud's answers mean beyond their status: pure functions of the answer.
pub trait Dialect: Debug + Send + Sync + 'static {
    /// The kind of the provider.
    fn provider(&self) -> &'static str;

    /// The names of the headers in which the id of a request may stand, lower-case.
    fn request_id_headers(&self) -> &'static [&'static str];

    /// What the cloud says in words, where its body has them.
    fn words(&self, body: &Value) -> Option<String>;

    /// What to make of an answer of which the status alone says too little; nothing to go by the table.
    fn judge(&self, refusal: &Refusal<'_>) -> Option<Verdict>;

    /// What the reader can do about it.
    fn hint(&self, refusal: &Refusal<'_>, verdict: &Verdict) -> Option<String>;

    /// How long until the next request is allowed, where headers other than `retry-after` tell; `header` reads one by its
    /// lower-case name.
    fn pause(&self, header: &dyn Fn(&str) -> Option<String>, now: jiff::Timestamp) -> Option<Duration>;
}
