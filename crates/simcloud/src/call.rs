//! A request as an operation sees it.

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use jiff::SignedDuration;
use serde_json::Value;

/// A request, read to its end, and what a fault wants of its answer.
#[derive(Debug)]
pub(crate) struct Call {
    /// The operation's name.
    pub(crate) operation: &'static str,
    /// Scheme and authority by which the caller knows us: links in answers begin with it.
    pub(crate) origin: String,
    /// Path without the query.
    pub(crate) path: String,
    /// The variable parts of the path.
    pub(crate) params: Vec<(String, String)>,
    /// The query, in its order.
    pub(crate) query: Vec<(String, String)>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
    /// What the answer is to keep from the caller.
    pub(crate) veil: Veil,
}

/// What an answer keeps from the caller, because a fault says so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Veil {
    /// What is created shows in lists only after this time.
    pub(crate) late: Option<SignedDuration>,
    /// A list is as it was this long ago.
    pub(crate) stale: Option<SignedDuration>,
    /// A list is empty.
    pub(crate) empty: bool,
}

impl Call {
    /// A variable part of the path; empty where the path has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first value of that name in the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; an empty one is an empty object.
    pub(crate) fn json(&self) -> Option<Value> {
        if self.body.is_empty() {
            return Some(Value::Object(serde_json::Map::default()));
        }
        serde_json::from_slice(&self.body).ok()
    }

    /// What stands after `Bearer ` in the authorization.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
    }
}
