//! Bodies as they go onto the wire: whole, or broken on purpose.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Response, header};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::fault::What;
use crate::reply::Reply;

/// How long the first half of a broken body has to leave before the connection breaks.
const TO_LEAVE: Duration = Duration::from_millis(20);

/// On a response: the connection ends here, and nothing of it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reset;

/// `reply` with what `what` does to it, or only that where the operation was never asked.
pub(crate) async fn spoil(what: &What, reply: Reply) -> Response<Body> {
    match what {
        What::Reset => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(Reset);
            response
        }
        What::Slow { ms } => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            whole(reply)
        }
        What::Cut => cut(reply),
        What::Status { code, headers, body } => {
            let mut other = Reply::json(*code, body);
            if let Some(text) = body.as_str() {
                other.body = Bytes::copy_from_slice(text.as_bytes());
            } else if body.is_null() {
                other.body = Bytes::new();
            }
            whole(headers.iter().fold(other, |reply, (name, value)| reply.with(name, value)))
        }
        What::Garbage => {
            let mut page = Reply::json(200, &serde_json::Value::Null).with("content-type", "text/html");
            page.body = Bytes::from_static(b"<!DOCTYPE html><html><body><h1>We'll be right back</h1></body></html>\n");
            whole(page)
        }
        What::Truncated => {
            let half = reply.body.slice(..reply.body.len() / 2);
            whole(Reply { body: half, ..reply })
        }
        What::Hold | What::StaleList { .. } | What::EmptyList | What::Late { .. } => whole(reply),
    }
}

/// `reply` as it should be.
pub(crate) fn whole(mut reply: Reply) -> Response<Body> {
    let body = Body::from(std::mem::take(&mut reply.body));
    reply.into_response(body)
}

/// `reply` that promises its whole body and ends with the connection in the middle of it.
fn cut(mut reply: Reply) -> Response<Body> {
    let body = std::mem::take(&mut reply.body);
    let length = body.len().max(2);
    let half = stream::once(std::future::ready(Ok(body.slice(..body.len() / 2))));
    let broken = stream::once(async {
        tokio::time::sleep(TO_LEAVE).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    let mut response = reply.into_response(Body::from_stream(half.chain(broken)));
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response
}
