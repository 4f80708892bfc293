//! One span and one outcome for every call.

use std::time::Instant;

use futures::stream::BoxStream;
use tracing::Instrument as _;

use super::call::{Call, Interceptor};
use crate::Result;

/// One span and one outcome for every call: what a log or a collector of metrics counts and times.
#[derive(Debug)]
pub(super) struct Trace;

fn span(call: Call<'_>) -> tracing::Span {
    tracing::debug_span!(
        "provider",
        provider = call.info.kind,
        operation = call.operation.name(),
        subject = call.subject
    )
}

impl Interceptor for Trace {
    async fn around<T: Send>(&self, call: Call<'_>, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let begun = Instant::now();
        let span = span(call);
        let outcome = work.instrument(span.clone()).await;
        let _entered = span.enter();
        let micros = begun.elapsed().as_micros();
        match &outcome {
            Ok(_) => tracing::debug!(micros, "done"),
            Err(error) => {
                tracing::debug!(micros, kind = error.kind().as_str(), effect = ?error.effect(), %error, "failed");
            }
        }
        outcome
    }

    fn around_stream<T: Send + 'static>(
        &self,
        call: Call<'_>,
        open: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        span(call).in_scope(|| {
            tracing::debug!("begun");
            open()
        })
    }
}
