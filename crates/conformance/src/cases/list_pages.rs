//! Listing: page by page.

use futures::StreamExt as _;
use machine_core::{Completeness, Effect, Page, ProviderExt as _, Selector};

use crate::Fault;
use crate::bench::Bench;
use crate::outcome::Outcome;

cases! { "list":
    only_the_last_page_tells_completeness [],
    ends_with_its_last_page [],
    outlives_its_client [],
    goes_on_to_the_last_page [Remote, Cloud],
    only_the_last_of_many_pages_tells_completeness [Remote, Cloud],
    shows_what_nobody_marked [Remote, Cloud],
    an_error_ends_it [Remote, Cloud],
    a_page_that_is_lost_is_no_list [Remote, Cloud],
    a_failure_has_no_effect [Remote, Cloud],
}

async fn pages(bench: &Bench) -> Outcome<Vec<Page>> {
    let mut stream = bench.provider.list(Selector::all());
    let mut pages = Vec::new();
    while let Some(page) = stream.next().await {
        pages.push(page?);
    }
    Ok(pages)
}

/// Insists that the last page, and only that, tells whether the list is complete.
fn only_the_last_tells(pages: &[Page]) -> Outcome {
    let Some((last, others)) = pages.split_last() else { broken!("a list has no page at all") };
    ensure!(last.last.is_some(), "the last of {} pages does not tell whether the list is complete", pages.len());
    let early = others.iter().filter(|page| page.last.is_some()).count();
    ensure_eq!(early, 0, "pages before the last that tell whether the list is complete");
    Ok(())
}

async fn only_the_last_page_tells_completeness(bench: &Bench) -> Outcome {
    bench.create(&bench.spec()).await?;
    only_the_last_tells(&pages(bench).await?)
}

async fn ends_with_its_last_page(bench: &Bench) -> Outcome {
    bench.create(&bench.spec()).await?;
    let mut stream = bench.provider.list(bench.own());
    while let Some(page) = stream.next().await {
        if page?.last.is_some() {
            ensure!(stream.next().await.is_none(), "something comes after the last page");
            return Ok(());
        }
    }
    broken!("the list ended without a last page")
}

async fn outlives_its_client(bench: &Bench) -> Outcome {
    let machine = bench.create(&bench.spec()).await?;
    let client = bench.another()?;
    let mut stream = client.list(Selector::all());
    drop(client);
    let mut seen = false;
    while let Some(page) = stream.next().await {
        seen |= page?.machines.iter().any(|it| it.id == machine.id);
    }
    ensure!(seen || !bench.provider.capabilities().list_lag.is_zero(), "the list lost a machine with its client");
    Ok(())
}

async fn goes_on_to_the_last_page(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    let foreign = cloud.seed(cloud.page_size() * 2 + 1).await;
    bench.adopt(&foreign);
    let (machines, completeness, _) = bench.provider.list_all(Selector::all()).await?;
    let missing = foreign.iter().filter(|id| machines.iter().all(|machine| machine.id != **id)).count();
    ensure_eq!(missing, 0, "machines that are missing from a list of {}", machines.len());
    ensure_eq!(completeness, Completeness::Complete, "whether that is all");
    Ok(())
}

async fn only_the_last_of_many_pages_tells_completeness(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    bench.adopt(&cloud.seed(cloud.page_size() * 2 + 1).await);
    let pages = pages(bench).await?;
    let machines: usize = pages.iter().map(|page| page.machines.len()).sum();
    ensure!(machines > cloud.page_size() * 2, "of more than two pages of machines, {machines} came");
    only_the_last_tells(&pages)
}

async fn shows_what_nobody_marked(bench: &Bench) -> Outcome {
    let foreign = bench.cloud()?.seed(1).await;
    bench.adopt(&foreign);
    let listed = bench.list(&Selector::all(), |_| true).await?;
    let Some(machine) = listed.iter().find(|machine| foreign.contains(&machine.id)) else {
        broken!("somebody else's machine is not in the list")
    };
    ensure_eq!(machine.markers, None, "the markers of a machine that nobody marked");
    let mut which = Selector::all();
    which.scope = machine_core::Scope::Marked;
    let marked = bench.list(&which, |_| true).await?;
    ensure!(marked.iter().all(|machine| !foreign.contains(&machine.id)), "it is taken for marked");
    Ok(())
}

async fn an_error_ends_it(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    bench.adopt(&cloud.seed(cloud.page_size() * 2 + 1).await);
    cloud.fault(Fault::FailListPage(2)).await;
    let mut stream = bench.provider.list(Selector::all());
    let (mut failed, mut told) = (false, false);
    while let Some(page) = stream.next().await {
        ensure!(!failed, "something comes after the error: {page:?}");
        failed = page.is_err();
        told |= page.is_ok_and(|page| page.last.is_some());
    }
    ensure!(failed, "a page cannot be had, and nobody says so");
    ensure!(!told, "a list with a page missing says whether it is complete");
    Ok(())
}

async fn a_page_that_is_lost_is_no_list(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    bench.adopt(&cloud.seed(cloud.page_size() * 2 + 1).await);
    for page in 1..=3 {
        cloud.fault(Fault::FailListPage(page)).await;
        if let Ok((machines, Completeness::Complete, _)) = bench.provider.list_all(Selector::all()).await {
            broken!("page {page} is lost, and the {} machines on the others are all there is", machines.len());
        }
        cloud.calm().await;
    }
    Ok(())
}

async fn a_failure_has_no_effect(bench: &Bench) -> Outcome {
    let cloud = bench.cloud()?;
    cloud.fault(Fault::FailListPage(1)).await;
    match bench.provider.list_all(Selector::all()).await {
        Ok(_) => broken!("the only page cannot be had, and nobody says so"),
        Err(error) => ensure_eq!(error.effect(), Effect::None, "the effect of a list that failed"),
    }
    Ok(())
}
