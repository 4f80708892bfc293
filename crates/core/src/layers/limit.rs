//! Bounds how many operations are under way at once.

use futures::stream::BoxStream;
use tokio::sync::Semaphore;

use super::call::{Call, Interceptor, Operation};
use crate::{Error, ErrorKind, Result};

/// Bounds how many operations are under way at once. Waits and streams take no slot: they may last for hours, and the
/// provider holds nothing for them that is worth bounding.
#[derive(Debug)]
pub(super) struct Limit(Semaphore);

impl Limit {
    /// At most this many.
    pub(super) fn new(at_once: usize) -> Self {
        Self(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS)))
    }
}

impl Interceptor for Limit {
    async fn around<T: Send>(&self, call: Call<'_>, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if matches!(call.operation, Operation::Wait) {
            return work.await;
        }
        let closed = |_| Error::new(ErrorKind::Cancelled, "the provider is being shut down");
        let _slot = self.0.acquire().await.map_err(closed)?;
        work.await
    }

    fn around_stream<T: Send + 'static>(
        &self,
        _call: Call<'_>,
        open: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        open()
    }
}
