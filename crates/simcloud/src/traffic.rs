//! What went over the wire, kept for whoever wants to check it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::call::Call;

/// How many exchanges are kept; the oldest go first.
const LIMIT: usize = 10_000;

/// How many bytes of requests are remembered whatever else is kept; the oldest go first.
const REMEMBERED: usize = 4 << 20;

/// What a request takes beside its path and body.
const OVERHEAD: usize = 256;

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

/// A request that has come in, without its headers: those hold the token.
#[derive(Debug)]
struct Asked {
    operation: &'static str,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Bytes,
}

impl Asked {
    fn size(&self) -> usize {
        let query: usize = self.query.iter().map(|(key, value)| key.len() + value.len()).sum();
        OVERHEAD + self.path.len() + query + self.body.len()
    }

    /// As it is shown: a body that is JSON as that, any other as text.
    fn shown(&self) -> Value {
        let text = || String::from_utf8_lossy(&self.body).into_owned();
        let body = if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body).unwrap_or_else(|_| Value::String(text()))
        };
        let query: Vec<_> = self.query.iter().map(|(key, value)| json!([key, value])).collect();
        json!({
            "operation": self.operation, "method": self.method.as_str(), "path": self.path, "query": query, "body": body,
        })
    }
}

/// The requests that are remembered, oldest first, and how many bytes those are.
#[derive(Debug, Default)]
struct Memory {
    requests: VecDeque<Asked>,
    bytes: usize,
}

/// What is kept of the traffic.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Whether exchanges are kept at all: with 100,000 machines they are not.
    recording: bool,
    exchanges: Mutex<VecDeque<Exchange>>,
    requests: Mutex<BTreeMap<&'static str, u64>>,
    memory: Mutex<Memory>,
}

impl Traffic {
    /// Counts requests, and keeps them where `recording`.
    pub(crate) fn new(recording: bool) -> Self {
        Self { recording, ..Self::default() }
    }

    /// A request has come in.
    pub(crate) fn count(&self, method: &Method, call: &Call) {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(call.operation).or_default() += 1;
        let asked = Asked {
            operation: call.operation,
            method: method.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            body: call.body.clone(),
        };
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.bytes += asked.size();
        memory.requests.push_back(asked);
        while memory.bytes > REMEMBERED {
            let Some(oldest) = memory.requests.pop_front() else { break };
            memory.bytes -= oldest.size();
        }
    }

    /// The requests that are remembered, oldest first.
    pub(crate) fn remembered(&self) -> Vec<Value> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.requests.iter().map(Asked::shown).collect()
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
