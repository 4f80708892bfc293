//! Listing machines: each record is read once, in one thread, a page at a time.

use std::sync::Arc;

use futures::Stream;
use machine_core::{Completeness, ErrorKind, Machine, Page, Result, Selector};

use super::Local;
use super::describe::{describe, spec_path};
use crate::work::blocking;

/// How many machines are on one page.
const PAGE: usize = 256;

/// The machines that `which` selects, page by page, oldest first.
pub(super) fn pages(local: Arc<Local>, which: Selector) -> impl Stream<Item = Result<Page>> + Send + 'static {
    let which = Arc::new(which);
    futures::stream::unfold(Listing::Begin, move |listing| {
        let (local, which) = (Arc::clone(&local), Arc::clone(&which));
        async move {
            let listing = match listing {
                Listing::Over => return None,
                listing => listing,
            };
            Some(match blocking(move || local.page(&which, listing)).await {
                Ok((page, next)) => (Ok(page), next),
                Err(error) => (Err(error), Listing::Over),
            })
        }
    })
}

/// How far a list has come.
enum Listing {
    Begin,
    /// The ids to come, the next one last; whether something was left out so far.
    Middle(Vec<String>, bool),
    Over,
}

impl Local {
    fn page(&self, which: &Selector, listing: Listing) -> Result<(Page, Listing)> {
        let (mut ids, mut partial) = match listing {
            Listing::Middle(ids, partial) => (ids, partial),
            Listing::Begin | Listing::Over => {
                if let Some(machine) = self.by_name(which)? {
                    return Ok((Page::only(vec![machine]), Listing::Over));
                }
                let mut ids = self.store.machine_ids()?;
                ids.reverse();
                (ids, false)
            }
        };
        let mut page = Page { machines: Vec::new(), problems: Vec::new(), last: None };
        while page.machines.len() < PAGE {
            let Some(id) = ids.pop() else {
                page.last = Some(if partial { Completeness::Partial } else { Completeness::Complete });
                return Ok((page, Listing::Over));
            };
            match self.listed(&id) {
                Ok(Some(machine)) if which.matches(&machine) => page.machines.push(machine),
                Ok(_) => {}
                Err(problem) => {
                    partial = true;
                    page.problems.push(problem);
                }
            }
        }
        Ok((page, Listing::Middle(ids, partial)))
    }

    /// One machine; nothing where it was destroyed since the list began; one sentence where it cannot be told what it is.
    fn listed(&self, id: &str) -> Result<Option<Machine>, String> {
        let problem = |error: machine_core::Error| format!("{}: {error}", spec_path(id));
        let not_a_machine = || format!("machines/{id} is not a machine");
        let Some(dir) = self.store.machine(id).map_err(problem)? else {
            let gone = self.store.root().join(crate::layout::MACHINES).join(id).symlink_metadata().is_err();
            return if gone { Ok(None) } else { Err(not_a_machine()) };
        };
        match describe(&dir) {
            Ok(machine) => machine.map(Some).map_err(problem),
            Err(unreadable) => match self.store.machine(id) {
                Ok(None) => Ok(None),
                _ => Err(format!("{unreadable}; `machine destroy {id}` removes the machine all the same")),
            },
        }
    }

    /// The machine that is selected by its name, where the names lead to it: no other needs to be looked at.
    ///
    /// # Errors
    /// When there is one, and its specification cannot be read: it must not look as if there were none.
    fn by_name(&self, which: &Selector) -> Result<Option<Machine>> {
        let Some(id) = which.name.as_deref().and_then(|name| self.store.named(name)) else { return Ok(None) };
        match self.get(&id) {
            Ok(machine) => Ok(Some(machine).filter(|machine| which.matches(machine))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
