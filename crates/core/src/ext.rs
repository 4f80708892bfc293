//! Conveniences on top of [`CloudProvider`]; nothing here is for a provider to implement.

use async_trait::async_trait;
use futures::StreamExt as _;

use crate::{CloudProvider, Completeness, Error, ErrorKind, Machine, Result, Selector, nearest};

/// Conveniences on top of [`CloudProvider`].
#[async_trait]
pub trait ProviderExt: CloudProvider {
    /// The whole list in one piece, with what could not be listed.
    ///
    /// # Errors
    /// The error of any page: a list with a page missing is no list. A stream that ends without its last page is
    /// [`ErrorKind::Protocol`].
    async fn list_all(&self, which: Selector) -> Result<(Vec<Machine>, Completeness, Vec<String>)> {
        let (mut machines, mut problems) = (Vec::new(), Vec::new());
        let mut pages = self.list(which);
        while let Some(page) = pages.next().await {
            let page = page?;
            // A long list that comes as one page is not copied.
            if machines.is_empty() {
                machines = page.machines;
            } else {
                machines.extend(page.machines);
            }
            problems.extend(page.problems);
            if let Some(completeness) = page.last {
                return Ok((machines, completeness, problems));
            }
        }
        Err(Error::new(ErrorKind::Protocol, "the list ended before its last page")
            .with_operation("list")
            .with_provider(self.info().kind))
    }

    /// The machine whose id or name this is.
    ///
    /// # Errors
    /// `NotFound` with the nearest names; `Conflict` with the ids where several have the name.
    async fn resolve(&self, id_or_name: &str) -> Result<Machine> {
        let named = Selector { name: Some(id_or_name.to_owned()), ..Selector::all() };
        let (mut machines, completeness, problems) = self.list_all(named).await?;
        match machines.len() {
            1 => return Ok(machines.remove(0)),
            0 => {}
            _ => {
                let ids: Vec<_> = machines.iter().map(|machine| machine.id.as_str()).collect();
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!("several machines are called `{id_or_name}`; name one by its id: {}", ids.join(", ")),
                ));
            }
        }
        match self.get(&crate::MachineId::new(id_or_name)).await {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => {}
            other => return other,
        }
        if completeness == Completeness::Partial {
            // What is not on a list with gaps may still be there.
            let message =
                format!("nobody knows whether there is a machine `{id_or_name}`: the list of machines has gaps");
            let error = Error::new(ErrorKind::Upstream, message).with_provider(self.info().kind);
            return Err(match problems.first() {
                Some(problem) => error.with_hint(problem.clone()),
                None => error,
            });
        }
        let (all, _, _) = self.list_all(Selector::all()).await?;
        let near = nearest(id_or_name, all.iter().map(|machine| machine.name.as_str()));
        let error = Error::not_found("machine", id_or_name).with_provider(self.info().kind);
        Err(match near.as_slice() {
            [] if all.is_empty() => error.with_hint("there are no machines; `machine create NAME` makes one"),
            [] => error.with_hint("`machine list` shows what there is"),
            near => error.with_hint(format!("did you mean {}?", near.join(", "))),
        })
    }
}

impl<P: CloudProvider + ?Sized> ProviderExt for P {}
