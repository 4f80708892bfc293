//! A client without any cleverness, so that what a test sees is what was on the wire.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use machine_simcloud::{Builder, Cloud, Quirks, Running, SimCloud};
use serde_json::Value;
use tokio::net::TcpStream;

/// An answer as it arrived.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Got {
    /// The body as JSON; nothing is null.
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap() }
    }
}

/// A caller of one cloud.
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<String>,
}

impl Caller {
    pub(crate) fn new(running: &Running, cloud: Cloud, token: &str) -> Self {
        Self { address: running.address(cloud).unwrap(), token: Some(token.to_owned()) }
    }

    /// One request over a connection of its own.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Result<Got, String> {
        self.send_with(method, path, body, &[]).await
    }

    /// The same with more headers.
    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Result<Got, String> {
        let stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(Body::new(body), usize::MAX).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Ok(Got { status: head.status.as_u16(), headers: head.headers, text })
    }

    /// A request that must be answered with that status.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let got = self.send(method, path, body).await.unwrap();
        assert_eq!(got.status, status, "{method} {path}: {}", got.text);
        got.json()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call("GET", path, Value::Null, 200).await
    }

    /// Puts the cloud's clock forward.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.call("POST", "/_sim/clock", serde_json::json!({"seconds": seconds}), 200).await;
    }

    /// Plans a fault.
    pub(crate) async fn fault(&self, fault: Value) {
        self.call("POST", "/_sim/faults", serde_json::json!([fault]), 200).await;
    }
}

/// A cloud whose clock stands still unless it is put forward, that is never late and records all.
pub(crate) fn exact(cloud: Cloud) -> Builder {
    SimCloud::builder()
        .machines(false)
        .cloud(cloud, 0)
        .speed(0.0)
        .quirks(Quirks::none())
        .rate_limits(false)
        .record(true)
}
