//! Listing machines, page by page, all or none.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use machine_core::{Completeness, Page, Result, Scope, Selector};

use crate::api::Api;
use crate::convert::{machine, owner_tag};
use crate::wire::Instance;

/// The machines that `which` selects. Filtered by the cloud where it can, and here in any case.
pub(super) fn list(api: Arc<Api>, which: Selector) -> BoxStream<'static, Result<Page>> {
    let pages = async move {
        match all_pages(&api, &which).await {
            Ok(pages) => pages.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    };
    stream::once(pages).flat_map(stream::iter).boxed()
}

async fn all_pages(api: &Api, which: &Selector) -> Result<Vec<Page>> {
    let mut filter = Vec::new();
    // The cloud takes one tag.
    match (&which.tag, &which.scope) {
        (Some(tag), _) => filter.push(("tag", tag.clone())),
        (None, Scope::Owner(owner)) => filter.push(("tag", owner_tag(owner))),
        _ => {}
    }
    if let Some(name) = &which.name {
        filter.push(("label", name.clone()));
    }
    let prices = async { Ok(api.prices().await) };
    let instances = api.pages::<Instance>(&["instances"], &filter);
    let (instances, blocks, plans) = futures::try_join!(instances, api.all(&["blocks"]), prices)?;
    let dressed = |page: Vec<Instance>| {
        let machines = page.iter().map(|instance| machine(instance, &plans, &blocks));
        machines.filter(|machine| which.matches(machine)).collect()
    };
    let mut pages: Vec<Page> =
        instances.into_iter().map(|page| Page { machines: dressed(page), problems: Vec::new(), last: None }).collect();
    match pages.last_mut() {
        Some(last) => last.last = Some(Completeness::Complete),
        None => pages.push(Page::only(Vec::new())),
    }
    Ok(pages)
}
