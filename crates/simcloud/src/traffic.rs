//! What went over the wire, kept for whoever wants to check it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// How many exchanges are kept; the oldest go first.
const LIMIT: usize = 10_000;

/// A request and what was answered, whether or not the answer arrived.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The operation's name.
    pub operation: &'static str,
    /// The request's method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query, in its order.
    pub query: Vec<(String, String)>,
    /// Its body.
    pub request: Bytes,
    /// The answer's status.
    pub status: u16,
    /// The answer's body.
    pub response: Bytes,
}

/// What is kept of the traffic.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Whether exchanges are kept at all: with 100,000 machines they are not.
    recording: bool,
    exchanges: Mutex<VecDeque<Exchange>>,
    requests: Mutex<BTreeMap<&'static str, u64>>,
}

impl Traffic {
    /// Counts requests, and keeps them where `recording`.
    pub(crate) fn new(recording: bool) -> Self {
        Self { recording, ..Self::default() }
    }

    /// A request to that operation has come in.
    pub(crate) fn count(&self, operation: &'static str) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
    }

    /// Keeps an exchange, if exchanges are kept.
    pub(crate) fn record(&self, exchange: Exchange) {
        if !self.recording {
            return;
        }
        let mut exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        if exchanges.len() == LIMIT {
            exchanges.pop_front();
        }
        exchanges.push_back(exchange);
    }

    /// What is kept, oldest first.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// How many requests have come in, by operation.
    pub(crate) fn requests(&self) -> BTreeMap<&'static str, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
