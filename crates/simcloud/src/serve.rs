//! Connections, held by hand so that one can be broken in the middle.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::body::Reset;

/// How many connections there are at once; more wait.
const CONNECTIONS: usize = 4096;

/// How long a connection may take to send the head of its next request.
const IDLE: Duration = Duration::from_mins(2);

/// How long requests have to end when the fake is shut down.
const GRACE: Duration = Duration::from_secs(2);

/// How long to leave the listener alone when it has none to give, as when descriptors have run out.
const BREATH: Duration = Duration::from_millis(50);

/// The service wants the connection broken.
#[derive(Debug, thiserror::Error)]
#[error("reset on purpose")]
struct Broken;

/// Accepts connections until `stop`, and then waits for those that are open, but not for long.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let tracker = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), stop.clone());
                tracker.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    tracker.close();
    tracker.wait().await;
}

/// One connection to its end.
async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { unless_broken(router.oneshot(request.map(Body::new)).await) }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            tokio::time::timeout(GRACE, &mut connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection broken");
        let stream = connection.into_parts().io.into_inner();
        // A reset and no polite end: whoever reads learns that the answer is lost.
        if let Err(error) = stream.set_zero_linger() {
            tracing::debug!(%error, "connection closed in place of reset");
        }
    }
}

fn unless_broken(answer: Result<Response<Body>, std::convert::Infallible>) -> Result<Response<Body>, Broken> {
    let Ok(response) = answer;
    if response.extensions().get::<Reset>().is_some() { Err(Broken) } else { Ok(response) }
}
