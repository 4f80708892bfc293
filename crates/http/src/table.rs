//! What may be sent again, and what a failure may have done: the one table, as pure functions.
//!
//! | what happened | read (GET) | idempotent (DELETE, PUT) | once (POST, PATCH) |
//! |---|---|---|---|
//! | never connected (refused, DNS, TLS) | again, no effect | again, no effect | again, no effect |
//! | connection lost or silent after the request was sent | again, no effect | again, effect unknown | not again, effect unknown |
//! | answer begun and cut, or not understood | again, no effect | again, effect unknown | not again, effect unknown |
//! | 408 | again, no effect | again, effect unknown | not again, effect unknown |
//! | 429 | again after the time told, no effect | the same | the same |
//! | 500, 502, 503, 504, other 5xx | again, no effect | again, effect unknown | not again, effect unknown |
//! | 501 | not again, no effect | the same | the same |
//! | other 4xx | not again, no effect | the same | the same |
//! | 3xx | not again, no effect | the same | the same |
//!
//! A cloud that says more in the body of an answer than its status says has a [`Dialect`](crate::Dialect), whose word comes
//! before this table.

use machine_core::{Effect, ErrorKind};

/// What repeating a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It changes nothing (GET).
    Read,
    /// Twice is as good as once (DELETE, PUT).
    Idempotent,
    /// Twice is twice (POST, PATCH).
    Once,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// There was no connection: nothing was sent.
    NotConnected,
    /// The connection broke after something was sent, before an answer began.
    Lost,
    /// No answer came in time.
    Silent,
    /// An answer began and was not whole.
    Cut,
    /// An answer that cannot be understood came with a status that says that it worked.
    Garbled,
    /// An answer came, with this status, which is not one of 200 to 299.
    Status(u16),
}

/// What to make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What the request may have done.
    pub effect: Effect,
    /// Whether the same request may be sent again.
    pub again: bool,
}

/// What to make of a request of that class that ended so.
pub fn verdict(class: Class, ended: Ended) -> Verdict {
    let refused = |kind| Verdict { kind, effect: Effect::None, again: false };
    match ended {
        Ended::NotConnected => Verdict { kind: ErrorKind::Network, effect: Effect::None, again: true },
        Ended::Lost => unclear(class, ErrorKind::Network),
        Ended::Silent | Ended::Status(408) => unclear(class, ErrorKind::Timeout),
        Ended::Cut | Ended::Garbled => unclear(class, ErrorKind::Protocol),
        Ended::Status(429) => Verdict { kind: ErrorKind::RateLimited, effect: Effect::None, again: true },
        Ended::Status(status) => match status {
            300..=399 => refused(ErrorKind::Protocol),
            401 => refused(ErrorKind::Unauthenticated),
            402 => refused(ErrorKind::Quota),
            403 => refused(ErrorKind::Forbidden),
            404 | 410 => refused(ErrorKind::NotFound),
            405 | 501 => refused(ErrorKind::Unsupported),
            409 | 412 => refused(ErrorKind::Conflict),
            423 => refused(ErrorKind::Busy),
            400..=499 => refused(ErrorKind::Invalid),
            500..=599 => unclear(class, ErrorKind::Upstream),
            // A status that no server may send.
            _ => unclear(class, ErrorKind::Protocol),
        },
    }
}

/// Something may have been done, unless there was nothing to do.
fn unclear(class: Class, kind: ErrorKind) -> Verdict {
    match class {
        Class::Read => Verdict { kind, effect: Effect::None, again: true },
        Class::Idempotent => Verdict { kind, effect: Effect::Unknown, again: true },
        Class::Once => Verdict { kind, effect: Effect::Unknown, again: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Class; 3] = [Class::Read, Class::Idempotent, Class::Once];

    #[test]
    fn row_by_row() {
        use Class::{Idempotent, Once, Read};
        use Effect::{None, Unknown};
        use ErrorKind as K;

        /// What happened; its kind; effect and whether to send again, for each class.
        type Row = (Ended, K, [(Effect, bool); 3]);
        let rows: &[Row] = &[
            (Ended::NotConnected, K::Network, [(None, true), (None, true), (None, true)]),
            (Ended::Lost, K::Network, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Silent, K::Timeout, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Cut, K::Protocol, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Garbled, K::Protocol, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Status(302), K::Protocol, [(None, false); 3]),
            (Ended::Status(400), K::Invalid, [(None, false); 3]),
            (Ended::Status(401), K::Unauthenticated, [(None, false); 3]),
            (Ended::Status(402), K::Quota, [(None, false); 3]),
            (Ended::Status(403), K::Forbidden, [(None, false); 3]),
            (Ended::Status(404), K::NotFound, [(None, false); 3]),
            (Ended::Status(405), K::Unsupported, [(None, false); 3]),
            (Ended::Status(408), K::Timeout, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Status(409), K::Conflict, [(None, false); 3]),
            (Ended::Status(410), K::NotFound, [(None, false); 3]),
            (Ended::Status(412), K::Conflict, [(None, false); 3]),
            (Ended::Status(418), K::Invalid, [(None, false); 3]),
            (Ended::Status(422), K::Invalid, [(None, false); 3]),
            (Ended::Status(423), K::Busy, [(None, false); 3]),
            (Ended::Status(429), K::RateLimited, [(None, true); 3]),
            (Ended::Status(500), K::Upstream, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Status(501), K::Unsupported, [(None, false); 3]),
            (Ended::Status(502), K::Upstream, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Status(503), K::Upstream, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Status(504), K::Upstream, [(None, true), (Unknown, true), (Unknown, false)]),
            (Ended::Status(999), K::Protocol, [(None, true), (Unknown, true), (Unknown, false)]),
        ];
        for (ended, kind, outcomes) in rows {
            for (class, (effect, again)) in [Read, Idempotent, Once].into_iter().zip(outcomes) {
                let expected = Verdict { kind: *kind, effect: *effect, again: *again };
                assert_eq!(verdict(class, *ended), expected, "{class:?} {ended:?}");
            }
        }
    }

    #[test]
    fn what_may_have_happened_once_is_never_sent_again() {
        let every = (0..=1_000).map(Ended::Status).chain([
            Ended::NotConnected,
            Ended::Lost,
            Ended::Silent,
            Ended::Cut,
            Ended::Garbled,
        ]);
        for ended in every {
            let once = verdict(Class::Once, ended);
            assert!(!(once.again && once.effect != Effect::None), "{ended:?}: {once:?}");
            for class in CLASSES {
                assert!(class != Class::Read || verdict(class, ended).effect == Effect::None, "{ended:?}");
            }
        }
    }
}
