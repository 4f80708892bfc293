//! Bounds how long an operation takes.

use std::time::Duration;

use futures::stream::BoxStream;

use super::call::{Call, Interceptor, Operation};
use crate::{Effect, Error, ErrorKind, Result};

/// Bounds how long an operation takes. A wait brings its own deadline.
#[derive(Debug)]
pub(super) struct Deadlines(Duration);

impl Deadlines {
    /// At most this long.
    pub(super) fn new(limit: Duration) -> Self {
        Self(limit)
    }
}

impl Interceptor for Deadlines {
    async fn around<T: Send>(&self, call: Call<'_>, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if matches!(call.operation, Operation::Wait) {
            return work.await;
        }
        match tokio::time::timeout(self.0, work).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let name = call.operation.name();
                let limit = self.0.as_secs_f64();
                let error = Error::new(ErrorKind::Timeout, format!("`{name}` was given up after {limit} s"));
                // The work was dropped in the middle: whether its request had been sent, nobody knows any more.
                Err(error.with_effect(if call.operation.mutates() { Effect::Unknown } else { Effect::None }))
            }
        }
    }

    fn around_stream<T: Send + 'static>(
        &self,
        _call: Call<'_>,
        open: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        open()
    }
}
