//! Lists of machines.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use machine_core::{Completeness, Page, Result, Scope, Selector};

use crate::convert::OWNER;
use crate::fly::Fly;

/// The machines that are wanted, in one page: the cloud has no more.
pub(crate) fn list(fly: Arc<Fly>, which: Selector) -> BoxStream<'static, Result<Page>> {
    stream::once(async move { page(&fly, &which).await }).boxed()
}

async fn page(fly: &Fly, which: &Selector) -> Result<Page> {
    let mut filters: Vec<(&str, &str)> =
        which.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    if let Scope::Owner(owner) = &which.scope {
        filters.push((OWNER, owner.as_str()));
    }
    let (mut machines, problems) = fly.listed(&filters).await?;
    machines.retain(|machine| which.matches(machine));
    let last = if problems.is_empty() { Completeness::Complete } else { Completeness::Partial };
    Ok(Page { machines, problems, last: Some(last) })
}
