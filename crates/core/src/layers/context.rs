//! Names the operation, the provider and the thing in every error, once.

use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::call::{Call, Interceptor};
use crate::{Error, Result};

/// Names the operation, the provider and the thing in every error.
#[derive(Debug)]
pub(super) struct Context;

impl Interceptor for Context {
    async fn around<T: Send>(&self, call: Call<'_>, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        work.await.map_err(Place::of(call).name())
    }

    fn around_stream<T: Send + 'static>(
        &self,
        call: Call<'_>,
        open: impl FnOnce() -> BoxStream<'static, Result<T>>,
    ) -> BoxStream<'static, Result<T>> {
        let name = Place::of(call).name();
        open().map(move |item| item.map_err(&name)).boxed()
    }
}

/// What is said of an error's place.
struct Place {
    operation: &'static str,
    provider: &'static str,
    subject: Option<String>,
}

impl Place {
    fn of(call: Call<'_>) -> Self {
        Self { operation: call.operation.name(), provider: call.info.kind, subject: call.subject.map(str::to_owned) }
    }

    fn name(self) -> impl Fn(Error) -> Error + Send {
        move |error| {
            let error = error.with_operation(self.operation).with_provider(self.provider);
            match &self.subject {
                Some(subject) if !error.context().iter().any(|(key, _)| *key == "subject") => {
                    error.with_context("subject", subject.clone())
                }
                _ => error,
            }
        }
    }
}
