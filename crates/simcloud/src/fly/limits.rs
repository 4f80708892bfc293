//! How often one may ask: a bucket for each action on each thing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;

use crate::call::Call;
use crate::rate::Window;

/// How many buckets are remembered; beyond that those that are full again are forgotten.
const BUCKETS: usize = 10_000;

/// What may be asked in a second, and at once.
#[derive(Debug, Clone, Copy)]
struct Pace {
    each_second: f64,
    at_once: f64,
}

/// Reading is cheap.
const READS: Pace = Pace { each_second: 5.0, at_once: 10.0 };

/// Doing is not.
const DEEDS: Pace = Pace { each_second: 1.0, at_once: 3.0 };

/// What everybody has left, in real time.
#[derive(Debug)]
pub(super) struct Limits {
    buckets: Mutex<BTreeMap<String, (f64, Instant)>>,
    app_deletes: Window,
}

impl Limits {
    /// Nobody has asked anything yet.
    pub(super) fn new() -> Self {
        Self { buckets: Mutex::default(), app_deletes: Window::new(100, Duration::from_mins(1)) }
    }

    /// Whether the call fits. Its verb tells a read from a deed, its path says on what.
    pub(super) fn fits(&self, call: &Call, now: Instant) -> bool {
        let who = token(&call.headers).unwrap_or_default();
        if call.operation == "delete_app" {
            return self.app_deletes.ask(who, now).fits;
        }
        if call.operation == "list_logs" {
            // Another API, for which no limit is published: those who follow a log ask ten times a second and more.
            return true;
        }
        let on = ["machine", "volume", "app"].into_iter().map(|name| call.param(name)).find(|id| !id.is_empty());
        let key = format!("{} {} {who}", call.operation, on.unwrap_or_default());
        let reads = ["get_", "list_", "wait_"].iter().any(|verb| call.operation.starts_with(verb));
        self.take(key, if reads { READS } else { DEEDS }, now)
    }

    fn take(&self, key: String, pace: Pace, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS {
            // After four seconds every bucket is full again, whatever its pace.
            buckets.retain(|_, (_, at)| now.duration_since(*at) < Duration::from_secs(4));
        }
        let (left, at) = buckets.entry(key).or_insert((pace.at_once, now));
        *left = (*left + now.duration_since(*at).as_secs_f64() * pace.each_second).min(pace.at_once);
        *at = now;
        let fits = *left >= 1.0;
        if fits {
            *left -= 1.0;
        }
        fits
    }
}

/// The caller's token: of every kind there are two ways to send it.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(axum::http::header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("flyv1");
    (known && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_fits_and_then_one_each_second() {
        let (limits, start) = (Limits::new(), Instant::now());
        let ask = |millis| limits.take("stop a".to_owned(), DEEDS, start + Duration::from_millis(millis));
        assert_eq!(
            [ask(0), ask(0), ask(0), ask(0), ask(500), ask(1500), ask(1600)],
            [true, true, true, false, false, true, false]
        );
        assert!(limits.take("stop b".to_owned(), DEEDS, start), "another machine is another bucket");
    }
}
