//! Taking over a machine that was made elsewhere.

use std::sync::Arc;

use jiff::Timestamp;
use machine_core::{
    Error, ErrorKind, Intent, IntentId, Lifetime, Machine, MachineChange, MachineId, MachineState, Markers,
    ResourceKind, Result,
};

use crate::fleet::{Fleet, Inner};
use crate::ledger::{Entry, State};
use crate::rate::Rate;

impl Fleet {
    /// Takes a machine over that was made by another tool, or by an owner whose ledger is lost: from then on this ledger has it,
    /// it carries our markers, and a sweep holds it to `deadline`. One that is ours already gets the new deadline, where there
    /// is one.
    ///
    /// The line is written before the markers, because a machine that carries our marker without a line is one that a sweep
    /// destroys. Where the markers cannot be written the ledger has it all the same, and the error says so.
    ///
    /// # Errors
    /// `NotFound`; [`ErrorKind::Conflict`] for one that is being destroyed; [`ErrorKind::Unsupported`] where the provider cannot
    /// write markers on a machine that exists, and nothing is recorded then; what the provider and the ledger say.
    pub async fn adopt(&self, id: &MachineId, deadline: Option<Timestamp>) -> Result<Machine> {
        let (inner, id) = (Arc::clone(&self.inner), id.clone());
        let adopted = async move { inner.adopt(&id, deadline).await.map_err(inner.named("adopt")) };
        self.inner.detach(adopted).await
    }
}

impl Inner {
    async fn adopt(&self, id: &MachineId, deadline: Option<Timestamp>) -> Result<Machine> {
        let machine = self.provider.get(id).await?;
        if machine.state == MachineState::Destroyed {
            return Err(Error::not_found("machine", id));
        }
        let known = self.ledger.find(self.provider.info().kind, ResourceKind::Machine, id.as_str()).await?;
        let line = known.filter(|entry| self.is_ours(entry) && !entry.state.is_tombstone());
        let ours = machine.markers.as_ref().filter(|markers| markers.owner == *self.ledger.owner());
        match (line, ours) {
            (Some(entry), _) if entry.state == State::Destroying => {
                let what = format!("the machine `{}` is being destroyed", machine.name);
                Err(Error::new(ErrorKind::Conflict, what).with_context("intent", entry.intent.id.to_string()))
            }
            (Some(_), Some(_)) => self.postpone(machine, deadline).await,
            // The ledger has it since an earlier call, whose markers did not arrive.
            (Some(entry), None) => self.mark(&machine, &entry.intent, deadline).await,
            (None, _) => {
                if !self.provider.capabilities().adopt {
                    let what = "a machine keeps the marks that it was made with, so that none can be taken over";
                    return Err(Error::unsupported(self.provider.info().kind, what));
                }
                let kept = machine.markers.as_ref().and_then(|markers| markers.deadline);
                let intent = Intent {
                    id: IntentId::mint(),
                    owner: self.ledger.owner().clone(),
                    resource: ResourceKind::Machine,
                    name: machine.name.clone(),
                    provider: self.provider.info().kind.to_owned(),
                    lifetime: Lifetime::Deadline,
                    // Ours keeps its own; another owner's was for that owner to hold.
                    deadline: deadline.or(kept.filter(|_| ours.is_some())),
                    minted_at: Timestamp::now(),
                };
                let rate = machine.price.map(|price| Rate::new(price, &self.provider.capabilities().billing));
                let line = Entry::taken_over(intent.clone(), self.account.clone(), id.as_str().to_owned(), rate);
                self.ledger.insert(&line).await?;
                self.mark(&machine, &intent, None).await
            }
        }
    }

    /// Writes our markers on a machine that the ledger has.
    async fn mark(&self, machine: &Machine, intent: &Intent, deadline: Option<Timestamp>) -> Result<Machine> {
        let markers = Markers { deadline: deadline.or(intent.deadline), ..intent.markers() };
        let change = MachineChange { markers: Some(markers), ..MachineChange::default() };
        self.provider.update(&machine.id, &change).await.map_err(|error| {
            error
                .with_hint("the ledger has the machine; adopt it again to write its marks, which other computers go by")
        })
    }

    /// Gives a machine of ours another deadline, where one is asked for.
    async fn postpone(&self, machine: Machine, deadline: Option<Timestamp>) -> Result<Machine> {
        match deadline {
            Some(deadline) => {
                let change = MachineChange { deadline: Some(Some(deadline)), ..MachineChange::default() };
                self.provider.update(&machine.id, &change).await
            }
            None => Ok(machine),
        }
    }
}
