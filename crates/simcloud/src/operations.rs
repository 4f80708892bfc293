//! The operations of a cloud: where a request becomes a call, and where faults happen.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{Method, Response, Uri, header};
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use jiff::SignedDuration;

use crate::body::{spoil, whole};
use crate::call::{Call, Veil};
use crate::fake::Fake;
use crate::fault::{What, When};
use crate::reply::Reply;
use crate::sim::Sim;
use crate::traffic::Exchange;

/// The largest body that a cloud reads.
const BODY: usize = 4 << 20;

/// A router in the making, in which every route has the name of its operation.
pub(crate) struct Operations<F> {
    sim: Arc<Sim>,
    router: Router<Arc<F>>,
}

impl<F: Fake> Operations<F> {
    /// No operation yet.
    pub(crate) fn new(sim: &Arc<Sim>) -> Self {
        Self { sim: Arc::clone(sim), router: Router::new() }
    }

    /// One more, which answers at once.
    pub(crate) fn on(
        self,
        operation: &'static str,
        method: MethodFilter,
        path: &str,
        handle: impl Fn(&F, &Call) -> Reply + Clone + Send + Sync + 'static,
    ) -> Self {
        self.on_async(operation, method, path, move |fake, call| {
            let reply = handle(&fake, &call);
            std::future::ready((call, reply))
        })
    }

    /// One more, which may take its time. It gives the call back with the answer.
    pub(crate) fn on_async<Fut>(
        self,
        operation: &'static str,
        method: MethodFilter,
        path: &str,
        handle: impl Fn(Arc<F>, Call) -> Fut + Clone + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = (Call, Reply)> + Send + 'static,
    {
        let sim = Arc::clone(&self.sim);
        let perform = move |State(fake): State<Arc<F>>, params: RawPathParams, request: Request| {
            let params = params.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            perform(Arc::clone(&sim), fake, operation, params, request, handle.clone())
        };
        Self { router: self.router.route(path, on(method, perform)), ..self }
    }

    /// The router of `fake`.
    pub(crate) fn router(self, fake: Arc<F>) -> Router {
        let unknown = |State(fake): State<Arc<F>>| std::future::ready(whole(fake.unknown()));
        self.router.fallback(unknown).method_not_allowed_fallback(unknown).with_state(fake)
    }
}

/// One request from beginning to end.
async fn perform<F: Fake, Fut>(
    sim: Arc<Sim>,
    fake: Arc<F>,
    operation: &'static str,
    params: Vec<(String, String)>,
    request: Request,
    handle: impl Fn(Arc<F>, Call) -> Fut,
) -> Response<Body>
where
    Fut: Future<Output = (Call, Reply)>,
{
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY).await else {
        return whole(Reply::json(413, &serde_json::json!({"error": "the body is too large"})));
    };
    let fault = sim.faults.take(operation, head.method != Method::GET);
    let veil = fault.as_ref().map(|(_, what)| veil(what)).unwrap_or_default();
    let call = Call {
        operation,
        origin: origin(head.headers.get(header::HOST).and_then(|host| host.to_str().ok())),
        path: head.uri.path().to_owned(),
        params,
        query: query(&head.uri),
        headers: head.headers,
        body,
        veil,
    };
    sim.traffic.count(&head.method, &call);
    if let Some((When::Before, what)) = &fault
        && !what.is_veil()
    {
        if !matches!(what, What::Slow { .. } | What::Hold) {
            let unasked = Reply::json(200, &serde_json::json!({"message": "unavailable"}));
            return spoil(what, unasked).await;
        }
        hold(&sim, what).await;
        drop(spoil(what, Reply::nothing()).await);
    }
    if head.method != Method::GET {
        sim.touch();
    }
    let (call, reply) = match fake.admit(&call) {
        Ok(()) => handle(Arc::clone(&fake), call).await,
        Err(refused) => (call, refused),
    };
    let reply = fake.dress(&call, reply);
    sim.traffic.record(Exchange {
        operation,
        method: head.method.to_string(),
        path: call.path,
        query: call.query,
        request: call.body,
        status: reply.status.as_u16(),
        response: Bytes::clone(&reply.body),
    });
    match fault {
        Some((When::After, what)) => {
            hold(&sim, &what).await;
            spoil(&what, reply).await
        }
        _ => whole(reply),
    }
}

/// Waits where the fault says so.
async fn hold(sim: &Sim, what: &What) {
    if matches!(what, What::Hold) {
        sim.gate.wait().await;
    }
}

/// What of a fault the operation itself must know.
fn veil(what: &What) -> Veil {
    let lasting = |ms: u64| Some(SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX)));
    match what {
        What::Late { ms } => Veil { late: lasting(*ms), ..Veil::default() },
        What::StaleList { ms } => Veil { stale: lasting(*ms), ..Veil::default() },
        What::EmptyList => Veil { empty: true, ..Veil::default() },
        _ => Veil::default(),
    }
}

fn origin(host: Option<&str>) -> String {
    format!("http://{}", host.unwrap_or("localhost"))
}

fn query(uri: &Uri) -> Vec<(String, String)> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}
