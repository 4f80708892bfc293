//! Work that blocks, kept off the thread that serves everything else.

use machine_core::{Effect, Error, ErrorKind, Result};

/// Runs `work` on a thread that may block.
///
/// # Errors
/// What `work` says. [`ErrorKind::System`] when it panicked, with an effect that nobody knows.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::System, "a worker thread ended before its work was done")
            .with_effect(Effect::Unknown)
            .with_source(error))
    })
}
