//! Layers: what every call to every provider has in common, written once.
//!
//! [`Layered`] forwards every method of [`CloudProvider`](crate::CloudProvider) and of every sub-trait through one
//! [`Interceptor`]; an interceptor sees a [`Call`] and the work behind it, and knows nothing of the method. [`Layers`] puts
//! them around a provider in the only order that is right:
//!
//! ```text
//! trace          sees what the caller sees: the whole time, the final error
//!   context      names the operation, the provider and the thing, once
//!     check      refuses what the capabilities exclude, before any time or slot is spent on it
//!       deadline bounds the whole operation, waiting for a slot included
//!         limit  bounds how many run at once; innermost, so that a slot is held only while the provider works
//! ```

mod call;
mod check;
mod context;
mod deadline;
mod forward;
mod limit;
mod parts;
mod trace;

use std::sync::Arc;
use std::time::Duration;

pub use call::{Call, Interceptor, Operation};
pub use forward::Layered;

use crate::CloudProvider;
use check::Check;
use context::Context;
use deadline::Deadlines;
use limit::Limit;
use trace::Trace;

/// Puts all layers around a provider.
#[derive(Debug, Clone)]
pub struct Layers {
    operation: Duration,
    at_once: usize,
}

impl Default for Layers {
    fn default() -> Self {
        Self { operation: Duration::from_mins(2), at_once: 64 }
    }
}

impl Layers {
    /// How long one operation may take; two minutes otherwise. A wait has its own deadline, and a stream or a session that
    /// has begun is not bounded by this.
    #[must_use]
    pub fn operation(mut self, limit: Duration) -> Self {
        self.operation = limit;
        self
    }

    /// How many operations may be under way at once; 64 otherwise.
    #[must_use]
    pub fn at_once(mut self, limit: usize) -> Self {
        self.at_once = limit.max(1);
        self
    }

    /// The provider with all layers around it.
    pub fn around(self, provider: Arc<dyn CloudProvider>) -> Arc<dyn CloudProvider> {
        let limited = Layered::around(provider, Limit::new(self.at_once));
        let bounded = Layered::around(limited, Deadlines::new(self.operation));
        let checked = Layered::around(bounded, Check);
        let named = Layered::around(checked, Context);
        Layered::around(named, Trace)
    }
}
