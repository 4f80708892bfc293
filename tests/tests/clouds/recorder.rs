//! A proxy between a provider and its cloud that shows every request to prism too.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use machine_simcloud::Cloud;
use serde_json::Value;

use crate::rig::send;

/// The largest body that a provider sends.
const BODY: usize = 4 << 20;

/// What prism said of a request.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The request, for whoever has to mend it.
    pub(crate) whole: String,
    /// What is against the description.
    pub(crate) violations: Vec<String>,
}

/// The proxy, until this is dropped.
pub(crate) struct Recorder {
    pub(crate) url: String,
    shown: Arc<Mutex<Vec<Shown>>>,
    _tasks: tokio::task::JoinSet<()>,
}

#[derive(Clone)]
struct Between {
    cloud: Cloud,
    to: String,
    prism: String,
    shown: Arc<Mutex<Vec<Shown>>>,
}

impl Recorder {
    /// Stands before the cloud at `to`, and shows requests to the prism at `prism`.
    pub(crate) async fn start(cloud: Cloud, to: &str, prism: &str) -> Self {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let between = Between { cloud, to: to.to_owned(), prism: prism.to_owned(), shown: Arc::clone(&shown) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(between);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shown, _tasks: tasks }
    }

    /// What was shown so far, in the order in which it was sent.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        self.shown.lock().unwrap().clone()
    }
}

/// The path as the description has it; none for what is another API's.
fn described(cloud: Cloud, path: &str) -> Option<&str> {
    match cloud {
        Cloud::DigitalOcean => Some(path),
        Cloud::Vultr => path.strip_prefix("/v2"),
        _ => path.strip_prefix("/v1"),
    }
}

async fn pass(State(between): State<Between>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY).await.unwrap();
    let again = |path: &str| {
        let mut request = Request::new(Body::from(body.clone()));
        *request.method_mut() = head.method.clone();
        *request.headers_mut() = head.headers.clone();
        *request.uri_mut() = path.parse().unwrap();
        request
    };
    let path = head.uri.path_and_query().unwrap().as_str();
    if let Some(path) = described(between.cloud, path) {
        let violations = match send(&between.prism, again(path)).await {
            Ok((head, body)) => violations(&head.headers, &body),
            Err(why) => vec![format!("prism does not answer: {why}")],
        };
        between.shown.lock().unwrap().push(Shown {
            method: head.method.to_string(),
            path: path.split('?').next().unwrap_or_default().to_owned(),
            whole: format!("{} {path} {}", head.method, String::from_utf8_lossy(&body)),
            violations,
        });
    }
    match send(&between.to, again(path)).await {
        Ok((head, body)) => Response::from_parts(head, Body::from(body)),
        Err(why) => Response::builder().status(502).body(Body::from(why)).unwrap(),
    }
}

/// What prism has against a request: in a header where it answers all the same, and else in an answer of its own.
fn violations(headers: &axum::http::HeaderMap, body: &[u8]) -> Vec<String> {
    let told = headers.get("sl-violations").map(|header| String::from_utf8_lossy(header.as_bytes()).into_owned());
    if let Some(told) = told {
        let list: Vec<Value> = serde_json::from_str(&told).unwrap();
        return list.iter().filter(|it| it["location"][0] == "request").map(violation).collect();
    }
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    match problem["type"].as_str() {
        Some(kind) if kind.contains("stoplight.io/prism/errors") => {
            vec![format!("{}: {}", kind.rsplit('#').next().unwrap_or_default(), problem["detail"])]
        }
        _ => Vec::new(),
    }
}

fn violation(it: &Value) -> String {
    let place: Vec<_> = it["location"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    format!("{}: {}", place.join("."), it["message"].as_str().unwrap_or_default())
}
