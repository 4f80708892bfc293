//! What the cloud's answers mean beyond their status.

use std::time::Duration;

use machine_core::{Effect, ErrorKind};
use machine_http::{Dialect, Refusal, Verdict};
use serde_json::Value;

/// How Fly speaks.
#[derive(Debug)]
pub(crate) struct FlyDialect;

/// What an answer is about, where its words say more than its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matter {
    /// The region has no room.
    RegionFull,
    /// The host that holds the machine or its volume has no room.
    HostFull,
    /// The organization may not have more.
    Quota,
    /// The name is somebody's.
    NameTaken,
    /// Somebody else holds the machine's lease.
    Leased,
    /// The machine was accepted, and did not start.
    NotLaunched,
}

impl Matter {
    fn of(refusal: &Refusal<'_>) -> Option<Self> {
        let code = refusal.json.and_then(|body| body["status"].as_str()).unwrap_or_default();
        let words = refusal.words.to_lowercase();
        let says = |texts: &[&str]| texts.iter().any(|text| words.contains(text));
        match code {
            "volume_placement_capacity" => return Some(Self::HostFull),
            // The same word stands for a full host where the words name one.
            "insufficient_capacity" if !says(&["existing volume", "for machine"]) => return Some(Self::RegionFull),
            "name_taken" => return Some(Self::NameTaken),
            _ => {}
        }
        let matters: [(&[&str], Self); 6] = [
            (&["failed to launch", "failed to start", "launch_failed"], Self::NotLaunched),
            (
                &["existing volume", "could not reserve resource", "insufficient memory", "insufficient cpu"],
                Self::HostFull,
            ),
            (&["insufficient resources", "insufficient capacity", "no capacity"], Self::RegionFull),
            (&["quota", "over the allowed", "limit reached", "machine limit"], Self::Quota),
            (&["already been taken", "already taken", "name is taken", "already exists"], Self::NameTaken),
            (&["lease"], Self::Leased),
        ];
        let matter = matters.into_iter().find_map(|(texts, matter)| says(texts).then_some(matter))?;
        let fitting = match matter {
            Self::NameTaken => matches!(refusal.status, 400 | 409 | 422),
            Self::Leased => matches!(refusal.status, 409 | 412 | 423),
            Self::Quota => matches!(refusal.status, 402 | 403 | 422),
            Self::NotLaunched | Self::HostFull | Self::RegionFull => refusal.status >= 400 && refusal.status != 401,
        };
        fitting.then_some(matter)
    }

    fn verdict(self) -> Verdict {
        let refused = |kind| Verdict { kind, effect: Effect::None, again: false };
        match self {
            Self::RegionFull | Self::HostFull => refused(ErrorKind::OutOfCapacity),
            Self::Quota => refused(ErrorKind::Quota),
            Self::NameTaken => refused(ErrorKind::AlreadyExists),
            Self::Leased => refused(ErrorKind::Busy),
            // It may have been left behind; whoever created it looks.
            Self::NotLaunched => Verdict { kind: ErrorKind::Upstream, effect: Effect::Unknown, again: false },
        }
    }

    fn hint(self) -> Option<&'static str> {
        match self {
            Self::RegionFull => Some("name another region, or several: --region iad,ord"),
            Self::HostFull => Some("a machine and a volume stay on their host: try later, or make new ones elsewhere"),
            Self::Quota => Some("destroy machines, or ask Fly for more: https://fly.io/docs/about/billing"),
            Self::NameTaken => Some("choose another name"),
            Self::Leased => Some("somebody else is working on it; try again in half a minute"),
            Self::NotLaunched => None,
        }
    }
}

impl Dialect for FlyDialect {
    fn provider(&self) -> &'static str {
        crate::KIND
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        &["fly-request-id"]
    }

    fn words(&self, body: &Value) -> Option<String> {
        let found = ["error", "message"].into_iter().find_map(|key| body[key].as_str());
        // The logs API speaks JSON:API.
        let found =
            found.or_else(|| body["errors"][0]["detail"].as_str().or_else(|| body["errors"][0]["title"].as_str()));
        found.map(str::trim).filter(|words| !words.is_empty()).map(str::to_owned)
    }

    fn judge(&self, refusal: &Refusal<'_>) -> Option<Verdict> {
        Matter::of(refusal).map(Matter::verdict)
    }

    fn hint(&self, refusal: &Refusal<'_>, verdict: &Verdict) -> Option<String> {
        let hint = Matter::of(refusal).and_then(Matter::hint).or(match verdict.kind {
            ErrorKind::Unauthenticated => {
                Some("set FLY_API_TOKEN to a token that is valid: `fly tokens create org` makes one")
            }
            ErrorKind::Invalid if refusal.words.contains("region") && refusal.words.contains("not found") => {
                Some("`fly platform regions` lists them")
            }
            ErrorKind::Forbidden => {
                Some("the token may not do this; one for the organization may: `fly tokens create org`")
            }
            _ => None,
        });
        hint.map(str::to_owned)
    }

    fn pause(&self, _: &dyn Fn(&str) -> Option<String>, _: jiff::Timestamp) -> Option<Duration> {
        None
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use machine_http::Class;

    use super::*;

    fn judged(status: u16, body: &str) -> Option<(ErrorKind, Effect)> {
        let json = serde_json::from_str::<Value>(body).ok();
        let words = json.as_ref().and_then(|body| FlyDialect.words(body)).unwrap_or_else(|| body.to_owned());
        let body = Bytes::copy_from_slice(body.as_bytes());
        let refusal = Refusal { class: Class::Once, status, json: json.as_ref(), body: &body, words: &words };
        FlyDialect.judge(&refusal).map(|verdict| (verdict.kind, verdict.effect))
    }

    #[test]
    fn answers_row_by_row() {
        use Effect::{None as Nothing, Unknown};
        use ErrorKind as K;
        /// The status, the body, and what is made of it.
        type Row<'a> = (u16, &'a str, Option<(ErrorKind, Effect)>);
        let rows: &[Row<'_>] = &[
            (503, r#"{"error":"no room","status":"insufficient_capacity"}"#, Some((K::OutOfCapacity, Nothing))),
            (
                412,
                r#"{"error":"insufficient resources to create new machine with existing volume 'vol_1'"}"#,
                Some((K::OutOfCapacity, Nothing)),
            ),
            (
                409,
                r#"{"error":"could not reserve resource for machine: insufficient memory available to fulfill request"}"#,
                Some((K::OutOfCapacity, Nothing)),
            ),
            (422, r#"{"error":"x","status":"volume_placement_capacity"}"#, Some((K::OutOfCapacity, Nothing))),
            (400, "no capacity", Some((K::OutOfCapacity, Nothing))),
            (
                403,
                r#"{"error":"organization o is using 9 MB of memory in dfw which is over the allowed quota"}"#,
                Some((K::Quota, Nothing)),
            ),
            (403, r#"{"error":"unauthorized"}"#, None),
            (
                422,
                r#"{"error":"Validation failed: Name has already been taken","status":"name_taken"}"#,
                Some((K::AlreadyExists, Nothing)),
            ),
            (409, r#"{"error":"lease currently held by other@example.com"}"#, Some((K::Busy, Nothing))),
            (409, r#"{"error":"machine is being updated"}"#, None),
            (404, r#"{"error":"lease not found"}"#, None),
            (412, r#"{"message":"machine version does not match"}"#, None),
            (500, r#"{"error":"failed to launch VM: aborted"}"#, Some((K::Upstream, Unknown))),
            (500, "", None),
            (401, r#"{"error":"no quota for you"}"#, None),
        ];
        for (status, body, expected) in rows {
            assert_eq!(judged(*status, body), *expected, "{status} {body}");
        }
    }

    #[test]
    fn words_stand_in_one_of_several_places() {
        for body in [r#"{"error":"no"}"#, r#"{"message":"no"}"#, r#"{"errors":[{"detail":"no"}]}"#] {
            assert_eq!(FlyDialect.words(&serde_json::from_str(body).unwrap()).as_deref(), Some("no"), "{body}");
        }
        assert_eq!(FlyDialect.words(&serde_json::json!({"error": ""})), None);
    }
}
