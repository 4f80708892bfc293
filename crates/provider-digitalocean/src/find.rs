//! Looking: one droplet, all of them, those of one intent.

use jiff::Timestamp;
use machine_core::{
    Completeness, Error, ErrorKind, Found, IntentId, Machine, MachineId, MachineState, Result, Scope, Selector,
};
use machine_http::distinct;

use crate::convert::{self, Listed, droplet_id, intent_tag, owner_tag};
use crate::provider::DigitalOceanProvider;
use crate::wire::{ActionAnswer, Droplet, DropletAnswer};

/// What is known of a droplet.
#[derive(Debug)]
pub(crate) enum Sight {
    /// The cloud shows it.
    Shown(Box<Droplet>),
    /// We made it only just now, and the cloud does not show it yet.
    Unseen(Box<Machine>),
    /// We made it only just now, and it came to nothing.
    Failed(Box<Machine>),
    /// The cloud says that there is none.
    Gone(Error),
}

/// An error of the cloud's about something that is not there, with its name.
pub(crate) fn named(error: Error, what: &str, name: impl std::fmt::Display) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let named = Error::not_found(what, name).with_provider(crate::kind::KIND);
    match error.request_id() {
        Some(id) => named.with_request_id(id),
        None => named,
    }
}

impl DigitalOceanProvider {
    async fn droplet(&self, id: u64) -> Result<Droplet> {
        let answer: DropletAnswer = self.api().get(["droplets", &id.to_string()]).send().await?;
        Ok(answer.droplet)
    }

    /// Looks at a droplet. That it is not there just after we made it is not believed until the action that makes it is over.
    pub(crate) async fn sight(&self, id: u64) -> Result<Sight> {
        let gone = match self.droplet(id).await {
            Ok(droplet) => {
                self.recent().seen(id);
                return Ok(Sight::Shown(Box::new(droplet)));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => named(error, "machine", id),
            Err(error) => return Err(error),
        };
        let Some(made) = self.recent().find(id).filter(|made| !made.was_seen()) else { return Ok(Sight::Gone(gone)) };
        match self.making(made.action).await?.as_deref() {
            // It was there meanwhile: it shows now, or never will again.
            Some("completed") => match self.droplet(id).await {
                Ok(droplet) => {
                    self.recent().seen(id);
                    Ok(Sight::Shown(Box::new(droplet)))
                }
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Sight::Gone(gone)),
                Err(error) => Err(error),
            },
            Some("errored") => Ok(Sight::Failed(Box::new(failed(made.machine)))),
            _ => Ok(Sight::Unseen(Box::new(made.machine))),
        }
    }

    /// How far the making of a droplet has come, in the cloud's words.
    pub(crate) async fn making(&self, action: Option<u64>) -> Result<Option<String>> {
        let Some(action) = action else { return Ok(None) };
        let answer: Result<ActionAnswer> = self.api().get(["actions", &action.to_string()]).send().await;
        match answer {
            Ok(answer) => Ok(answer.action.status),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn look(&self, id: &MachineId) -> Result<Machine> {
        let number = droplet_id(id)?;
        match self.sight(number).await? {
            Sight::Shown(droplet) => Ok(self.with_late_tags(number, convert::machine(*droplet))),
            Sight::Unseen(machine) | Sight::Failed(machine) => Ok(*machine),
            Sight::Gone(error) => Err(error),
        }
    }

    /// Tags come after the machine: one that we made only just now carries what we asked for, whatever shows of it yet.
    fn with_late_tags(&self, id: u64, mut machine: Machine) -> Machine {
        if machine.markers.is_none()
            && let Some(made) = self.recent().find(id)
        {
            machine.markers = made.machine.markers;
            machine.labels.extend(made.machine.labels);
            machine.tags = made.machine.tags;
        }
        machine
    }

    /// All droplets that the query selects, and perhaps some that it does not. Those with GPUs are a list of their own, which
    /// cannot be had by tag: all of them are asked for then.
    async fn droplets(&self, query: &[(&str, &str)]) -> Result<Vec<Machine>> {
        let named = query.iter().copied().filter(|(name, _)| *name != "tag_name");
        let with_gpus: Vec<_> = named.chain([("type", "gpus")]).collect();
        let (all, first) = futures::try_join!(
            self.api().list::<Listed>(&["droplets"], query),
            self.api().page::<Listed>(&["droplets"], &with_gpus, 1)
        )?;
        let mut machines: Vec<_> = all.into_iter().map(|Listed(machine)| machine).collect();
        // None is in both lists. Where one is, the server knows no such list and would tell the first one again to its end.
        let again = first.items.iter().any(|Listed(gpu)| machines.iter().any(|machine| machine.id == gpu.id));
        let gpus = if first.more && !again { self.api().list(&["droplets"], &with_gpus).await? } else { first.items };
        machines.extend(gpus.into_iter().map(|Listed(machine)| machine));
        Ok(distinct(machines, |machine| machine.id.clone()))
    }

    pub(crate) async fn list_droplets(&self, which: &Selector) -> Result<Vec<Machine>> {
        let owner = match &which.scope {
            Scope::Owner(owner) => Some(owner_tag(owner)),
            _ => None,
        };
        // The cloud takes a tag or a name, and not both.
        let mut machines = match (which.tag.as_ref().or(owner.as_ref()), &which.name) {
            (Some(tag), _) => self.droplets(&[("tag_name", tag)]).await?,
            (None, Some(name)) => self.droplets(&[("name", name)]).await?,
            (None, None) => self.droplets(&[]).await?,
        };
        machines.retain(|machine| which.matches(machine));
        Ok(machines)
    }

    pub(crate) async fn find_droplets(&self, intent: IntentId) -> Result<Found> {
        let as_of = Timestamp::now();
        let mut machines = self.droplets(&[("tag_name", &intent_tag(intent))]).await?;
        machines.retain(|machine| machine.markers.as_ref().is_some_and(|markers| markers.intent == intent));
        Ok(Found { machines, completeness: Completeness::Complete, as_of })
    }
}

/// A machine whose making came to nothing.
pub(crate) fn failed(machine: Machine) -> Machine {
    let mut notes = machine.notes;
    notes.push("DigitalOcean accepted this machine and could not make it".to_owned());
    Machine { state: MachineState::Failed, raw_state: "errored".to_owned(), notes, ..machine }
}
