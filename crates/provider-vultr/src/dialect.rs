//! What this cloud's answers mean beyond their status. Its errors are `{"error": "text", "status": 400}` without any code, so
//! texts have to be matched; this is the one place where they are.

use std::time::Duration;

use machine_core::{Effect, Error, ErrorKind};
use machine_http::{Dialect, Refusal, Verdict};
use serde_json::Value;

/// What a text says that its status does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// The instance is being worked on; it will pass.
    Locked,
    /// The instance is on its way out already.
    Leaving,
    /// The key may not be used from this computer's address.
    AddressNotAllowed,
    /// There is no such thing.
    Missing,
    /// It is as it was asked to be.
    AlreadySo,
    /// The plan cannot be had in this place just now.
    NoRoom,
}

impl Said {
    /// What an error says, by the cloud's words in it.
    pub(crate) fn by(error: &Error) -> Option<Self> {
        Self::in_words(&error.to_string())
    }

    fn in_words(words: &str) -> Option<Self> {
        let words = words.to_ascii_lowercase();
        let has = |text: &str| words.contains(text);
        match () {
            () if has("pending destruction") => Some(Self::Leaving),
            () if has("currently locked") || has("not currently active") || has("not complete") => Some(Self::Locked),
            () if has("unauthorized ip address") => Some(Self::AddressNotAllowed),
            () if has("nothing to change") => Some(Self::AlreadySo),
            () if has("not available") && ["plan", "region", "location"].into_iter().any(has) => Some(Self::NoRoom),
            () if has("not found") || has("does not exist") => Some(Self::Missing),
            // `Invalid block storage ID`, `Invalid instance-id`.
            () if has("invalid ") && (words.contains(" id") || words.contains("-id")) => Some(Self::Missing),
            () => None,
        }
    }
}

/// How Vultr speaks.
#[derive(Debug)]
pub(crate) struct Speech;

impl Dialect for Speech {
    fn provider(&self) -> &'static str {
        crate::KIND
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["x-request-id", "cf-ray"]
    }

    fn words(&self, body: &Value) -> Option<String> {
        body["error"].as_str().map(str::to_owned)
    }

    fn judge(&self, refusal: &Refusal<'_>) -> Option<Verdict> {
        let none = |kind| Some(Verdict { kind, effect: Effect::None, again: false });
        let status = refusal.status;
        let speaks = refusal.json.is_some_and(|body| body["error"].is_string());
        if !speaks {
            // Somebody else answers under this address. What is not there according to them may well be there.
            return if matches!(status, 404 | 410) { none(ErrorKind::Protocol) } else { None };
        }
        match Said::in_words(refusal.words)? {
            Said::Locked if status >= 400 => none(ErrorKind::Busy),
            Said::Leaving if status >= 400 => none(ErrorKind::Conflict),
            Said::AddressNotAllowed if matches!(status, 401 | 403) => none(ErrorKind::Unauthenticated),
            Said::Missing if matches!(status, 400 | 404 | 410 | 422) => none(ErrorKind::NotFound),
            Said::AlreadySo if (400..500).contains(&status) => none(ErrorKind::AlreadyExists),
            Said::NoRoom if (400..500).contains(&status) => none(ErrorKind::OutOfCapacity),
            _ => None,
        }
    }

    fn hint(&self, refusal: &Refusal<'_>, verdict: &Verdict) -> Option<String> {
        let hint = match (verdict.kind, Said::in_words(refusal.words)) {
            (ErrorKind::Unauthenticated, Some(Said::AddressNotAllowed)) => {
                "allow this computer's address in the account's settings, under API, Access Control"
            }
            (ErrorKind::Unauthenticated, _) => {
                "set VULTR_API_KEY, or `api-key` in the section `vultr:`, to a key from the account's settings, under API"
            }
            (ErrorKind::Forbidden, _) => {
                "the key may not do this; see the account's settings, under API, Access Control, and the user's rights"
            }
            (ErrorKind::Busy, _) => "it is being installed or changed; try again when that is over",
            (ErrorKind::OutOfCapacity, _) => "ask for another size, or for more than one region",
            (ErrorKind::Protocol, _) if refusal.status == 404 => "check `api-url`: this is not how Vultr's API answers",
            (ErrorKind::Invalid, _) if refusal.words.starts_with("Bad request") => {
                "the cloud does not say what is wrong; check region, size, image and names"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn pause(&self, _: &dyn Fn(&str) -> Option<String>, _: jiff::Timestamp) -> Option<Duration> {
        // It documents no headers about its rate.
        None
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use machine_http::Class;
    use serde_json::json;

    use super::*;

    fn judged(status: u16, body: &Value) -> (Option<Verdict>, Option<String>) {
        let words = Speech.words(body).unwrap_or_default();
        let raw = Bytes::from(body.to_string());
        let refusal = Refusal { class: Class::Once, status, json: Some(body), body: &raw, words: &words };
        let verdict = Speech.judge(&refusal);
        let hint = verdict.and_then(|verdict| Speech.hint(&refusal, &verdict));
        (verdict, hint)
    }

    #[test]
    fn every_text_that_says_more_than_its_status() {
        use ErrorKind as K;
        let locked = "Unable to destroy server: Unable to remove VM: Server is currently locked";
        let rows = [
            (500, locked, Some(K::Busy)),
            (400, "Server is currently locked", Some(K::Busy)),
            (500, "Unable to destroy server: Server is not currently active", Some(K::Busy)),
            (500, "Server is already pending destruction", Some(K::Conflict)),
            (401, "Unauthorized IP address: 203.0.113.9", Some(K::Unauthenticated)),
            (401, "Invalid API token.", None),
            (404, "Invalid instance-id.", Some(K::NotFound)),
            (400, "instance not found", Some(K::NotFound)),
            (400, "Invalid block storage ID", Some(K::NotFound)),
            (500, "instance not found", None),
            (400, "Nothing to change", Some(K::AlreadyExists)),
            (400, "The plan is not available in the selected region", Some(K::OutOfCapacity)),
            (400, "Bad request.", None),
            (404, "Gone fishing", None),
            (500, "Internal server error", None),
        ];
        for (status, text, kind) in rows {
            let verdict = judged(status, &json!({"error": text, "status": status})).0;
            assert_eq!(verdict.map(|verdict| verdict.kind), kind, "{status} {text}");
            assert!(verdict.is_none_or(|verdict| verdict.effect == Effect::None && !verdict.again), "{status} {text}");
        }
    }

    #[test]
    fn whoever_does_not_speak_so_does_not_say_that_a_thing_is_gone() {
        let (verdict, hint) = judged(404, &json!({"message": "no such page"}));
        assert_eq!(verdict.map(|verdict| verdict.kind), Some(ErrorKind::Protocol));
        assert!(hint.unwrap().contains("api-url"));
        assert!(judged(502, &json!({})).0.is_none());
    }

    #[test]
    fn an_address_that_is_not_allowed_says_where_it_is_allowed() {
        let (_, hint) = judged(401, &json!({"error": "Unauthorized IP address: 203.0.113.9"}));
        assert!(hint.unwrap().contains("Access Control"));
    }
}
