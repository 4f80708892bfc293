//! Lists of machines a page at a time, and logs a line at a time.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use machine_conformance::Fault;
use machine_core::{Completeness, Error, ErrorKind, LogLine, LogOptions, Page, Result, Selector};

use crate::breakage::Breakage;
use crate::world::World;

/// How many machines are on one page.
pub(crate) const PAGE: usize = 5;

/// The machines that `which` selects.
pub(crate) fn pages(world: Arc<World>, which: Selector) -> BoxStream<'static, Result<Page>> {
    futures::stream::unfold(Some((1, String::new())), move |next| {
        let (world, which) = (Arc::clone(&world), which.clone());
        async move {
            let (number, after) = next?;
            Some(match page(&world, &which, number, &after) {
                Ok((page, last_id)) => {
                    let over = page.last.is_some() || last_id.is_none();
                    (Ok(page), last_id.filter(|_| !over).map(|id| (number + 1, id)))
                }
                Err(error) => (Err(error), None),
            })
        }
    })
    .boxed()
}

/// The page of that number: what comes after the id `after`, and the last id on it where another page follows.
fn page(world: &World, which: &Selector, number: usize, after: &str) -> Result<(Page, Option<String>)> {
    if world.happens(|fault| *fault == Fault::FailListPage(number)).is_some() {
        if world.breaks(Breakage::LostPageIgnored) {
            let last = Some(Completeness::Complete);
            return Ok((Page { machines: Vec::new(), problems: Vec::new(), last }, None));
        }
        return Err(Error::new(ErrorKind::Upstream, "a page cannot be had"));
    }
    world.look(|state| {
        let mut shown = state.machines.values().filter(|held| held.shows() && *held.id > *after).peekable();
        let mut page = Page { machines: Vec::new(), problems: Vec::new(), last: None };
        let mut last_id = None;
        for held in shown.by_ref().take(PAGE) {
            let machine = held.show(world)?;
            page.machines.extend(Some(machine).filter(|machine| which.matches(machine)));
            last_id = Some(held.id.clone());
        }
        if shown.peek().is_none() || world.breaks(Breakage::ListStopsAtAPage) {
            let marked = !world.breaks(Breakage::LastPageNotMarked);
            page.last = marked.then_some(Completeness::Complete);
            last_id = None;
        }
        Ok((page, last_id))
    })
}

/// What the machine's own command wrote.
pub(crate) fn lines(world: Arc<World>, id: String, how: LogOptions) -> BoxStream<'static, Result<LogLine>> {
    if let Err(error) = world.machine(&id, |_| ()) {
        return futures::stream::once(async { Err(error) }).boxed();
    }
    let changed = world.changed.subscribe();
    let begin = world.machine(&id, |held| how.tail.map_or(0, |tail| held.log.len().saturating_sub(tail))).unwrap_or(0);
    futures::stream::unfold((begin, changed), move |(mut place, mut changed)| {
        let (world, id, since) = (Arc::clone(&world), id.clone(), how.since);
        async move {
            loop {
                let seen = world.machine(&id, |held| (held.log.get(place).cloned(), held.runs() || held.busy));
                let Ok((line, more)) = seen else { return None };
                match line {
                    Some(line) => {
                        place += 1;
                        if since.is_none_or(|since| line.at >= since) {
                            return Some((Ok(line), (place, changed)));
                        }
                    }
                    None if !how.follow || world.breaks(Breakage::FollowEndsEarly) => return None,
                    None if !more && !world.breaks(Breakage::FollowNeverEnds) => return None,
                    None => drop(changed.changed().await),
                }
            }
        }
    })
    .boxed()
}
