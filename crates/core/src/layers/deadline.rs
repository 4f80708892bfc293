//! Bounds how long an operation takes.

use std::time::Duration;

use futures::stream::BoxStream;

use super::call::{Call, Interceptor, Operation};
use crate::{Effect, Error, ErrorKind, Power, Result};

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
        // A machine that is asked to end may take the time that it was given to do so.
        let limit = match call.operation {
            Operation::Power(Power::Stop { grace } | Power::Reboot { grace }) => self.0.saturating_add(grace),
            _ => self.0,
        };
        match tokio::time::timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let name = call.operation.name();
                let limit = limit.as_secs_f64();
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
