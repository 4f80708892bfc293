//! Where the owner's identity comes from, for whoever needs it before there is an intent.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::{OwnerId, Result};

/// A source of the owner's identity. It is asked only by a provider that needs it, because the identity lies in a state
/// directory that not every command has a reason to touch.
#[derive(Clone)]
pub struct OwnerSource(Arc<dyn Fn() -> BoxFuture<'static, Result<OwnerId>> + Send + Sync>);

impl OwnerSource {
    /// One that is known already.
    pub fn known(owner: OwnerId) -> Self {
        Self::from_fn(move || {
            let owner = owner.clone();
            async move { Ok(owner) }
        })
    }

    /// One that `ask` finds out, every time anew.
    pub fn from_fn<F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<OwnerId>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(ask())))
    }

    /// The owner.
    ///
    /// # Errors
    /// Whatever keeps it from being known.
    pub async fn get(&self) -> Result<OwnerId> {
        (self.0)().await
    }
}

impl fmt::Debug for OwnerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnerSource(..)")
    }
}
