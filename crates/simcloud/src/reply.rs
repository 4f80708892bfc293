//! An answer before it goes onto the wire.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use serde::Serialize;

/// An answer: a status, headers and a body.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Reply {
    /// `value` as JSON.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: vec![(header::CONTENT_TYPE, json)],
            // What answers are made of has no keys but texts, which is all that could fail.
            body: serde_json::to_vec(value).unwrap_or_default().into(),
        }
    }

    /// Done, and nothing to say.
    pub(crate) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: Bytes::new() }
    }

    /// With a header more. One that cannot be written is left out.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        let pair = (HeaderName::try_from(name), HeaderValue::try_from(value.to_string()));
        if let (Ok(name), Ok(value)) = pair {
            self.headers.retain(|(before, _)| *before != name);
            self.headers.push((name, value));
        }
        self
    }

    /// As it goes onto the wire, with `body` for its own.
    pub(crate) fn into_response(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}
