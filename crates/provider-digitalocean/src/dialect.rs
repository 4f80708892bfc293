//! What DigitalOcean's answers mean beyond their status.

use std::time::Duration;

use machine_core::{Effect, ErrorKind};
use machine_http::{Dialect, Refusal, Verdict};
use serde_json::Value;

use crate::kind::KIND;

/// DigitalOcean's way of saying no: `{"id": ..., "message": ..., "request_id": ...}`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DigitalOcean;

/// What a 409, 412 or 422 says in its message, by a part of it in lower case; the first that fits counts.
const BY_TEXT: &[(&str, ErrorKind)] = &[
    ("pending event", ErrorKind::Busy),
    ("event in progress", ErrorKind::Busy),
    ("is locked", ErrorKind::Busy),
    ("being processed", ErrorKind::Busy),
    ("already in use", ErrorKind::AlreadyExists),
    ("already exists", ErrorKind::AlreadyExists),
    ("has already been taken", ErrorKind::AlreadyExists),
    ("attached volume cannot be deleted", ErrorKind::Conflict),
    ("already attached", ErrorKind::Conflict),
    ("attached to", ErrorKind::Conflict),
    ("is already", ErrorKind::Conflict),
    ("exceed your", ErrorKind::Quota),
    ("droplet limit", ErrorKind::Quota),
    ("volume limit", ErrorKind::Quota),
    ("limit reached", ErrorKind::Quota),
    ("reached the limit", ErrorKind::Quota),
    ("quota", ErrorKind::Quota),
    ("not available in this region", ErrorKind::OutOfCapacity),
    ("is not available", ErrorKind::OutOfCapacity),
    ("unavailable", ErrorKind::OutOfCapacity),
    ("capacity", ErrorKind::OutOfCapacity),
    ("attachment not found", ErrorKind::NotFound),
];

impl Dialect for DigitalOcean {
    fn provider(&self) -> &'static str {
        KIND
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-request-id"]
    }

    fn words(&self, body: &Value) -> Option<String> {
        body["message"].as_str().filter(|words| !words.is_empty()).map(str::to_owned)
    }

    fn judge(&self, refusal: &Refusal<'_>) -> Option<Verdict> {
        if !matches!(refusal.status, 400 | 409 | 412 | 422) {
            return None;
        }
        let words = refusal.words.to_lowercase();
        let (_, kind) = BY_TEXT.iter().find(|(part, _)| words.contains(part))?;
        // A refusal in words is a decision: nothing was done, and whether to wait for it to pass is not this request's.
        Some(Verdict { kind: *kind, effect: Effect::None, again: false })
    }

    fn hint(&self, refusal: &Refusal<'_>, verdict: &Verdict) -> Option<String> {
        let hint = match (verdict.kind, refusal.status) {
            (ErrorKind::Unauthenticated, _) => {
                "make a token under API in the control panel, and set DIGITALOCEAN_ACCESS_TOKEN to it"
            }
            (ErrorKind::Forbidden, _) => "the token lacks a scope for this; make one that has it",
            (ErrorKind::Quota, _) => "destroy what is not needed, or ask DigitalOcean to raise the account's limit",
            (ErrorKind::OutOfCapacity, _) => "try another region or another size",
            (ErrorKind::Busy, _) => "something else is being done to it; try again in a minute",
            (ErrorKind::Conflict, _) if refusal.words.to_lowercase().contains("attached") => {
                "detach it from its machine first"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn pause(&self, header: &dyn Fn(&str) -> Option<String>, now: jiff::Timestamp) -> Option<Duration> {
        if header("ratelimit-remaining")?.trim() != "0" {
            return None;
        }
        // The window slides: at that moment the oldest request drops out of it.
        let reset: i64 = header("ratelimit-reset")?.trim().parse().ok()?;
        let left = u64::try_from(reset.checked_sub(now.as_second())?).ok()?;
        Some(Duration::from_secs(left.min(3_600)))
    }
}

#[cfg(test)]
mod tests {
    use machine_http::Class;
    use serde_json::json;

    use super::*;

    fn judged(status: u16, message: &str) -> Option<ErrorKind> {
        let body = json!({"id": "unprocessable_entity", "message": message, "request_id": "r"});
        let words = DigitalOcean.words(&body).unwrap_or_default();
        let bytes = bytes_of(&body);
        let refusal = Refusal { class: Class::Once, status, json: Some(&body), body: &bytes, words: &words };
        let verdict = DigitalOcean.judge(&refusal)?;
        assert_eq!((verdict.effect, verdict.again), (Effect::None, false), "{message}");
        Some(verdict.kind)
    }

    fn bytes_of(body: &Value) -> bytes::Bytes {
        bytes::Bytes::from(body.to_string())
    }

    #[test]
    fn errors_row_by_row() {
        use ErrorKind as K;
        let rows = [
            (422, "Droplet already has a pending event.", Some(K::Busy)),
            (422, "Size is not available in this region.", Some(K::OutOfCapacity)),
            (422, "Region is not available", Some(K::OutOfCapacity)),
            (422, "creating this/these droplet(s) will exceed your droplet limit", Some(K::Quota)),
            (422, "SSH Key is already in use on your account", Some(K::AlreadyExists)),
            (409, "attached volume cannot be deleted", Some(K::Conflict)),
            (422, "Attachment not found", Some(K::NotFound)),
            (409, "a volume with this name already exists", Some(K::AlreadyExists)),
            (422, "Name is invalid", None),
            (422, "user data is over the limit of 64 KiB", None),
            (404, "The resource you requested could not be found.", None),
            (500, "Server Error: the limit of what we can do", None),
            (429, "Too many requests: limit", None),
        ];
        for (status, message, kind) in rows {
            assert_eq!(judged(status, message), kind, "{status} {message}");
        }
    }

    #[test]
    fn an_empty_bucket_pauses_until_it_is_not() {
        let now = jiff::Timestamp::from_second(1_000).unwrap();
        let pause = |remaining: &str, reset: &str| {
            let header = |name: &str| match name {
                "ratelimit-remaining" => Some(remaining.to_owned()),
                "ratelimit-reset" => Some(reset.to_owned()),
                _ => None,
            };
            DigitalOcean.pause(&header, now)
        };
        assert_eq!(pause("0", "1012"), Some(Duration::from_secs(12)));
        assert_eq!(pause("1", "1012"), None);
        assert_eq!(pause("0", "990"), None);
        assert_eq!(pause("0", "soon"), None);
        assert_eq!(pause("0", "9999999"), Some(Duration::from_hours(1)));
    }
}
