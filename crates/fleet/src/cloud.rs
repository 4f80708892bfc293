//! Machines and volumes seen in one way, so that there is one way to create, destroy and sweep them.

use jiff::Timestamp;
use machine_core::{
    CloudProvider, Completeness, Destroyed, Error, ErrorKind, IntentId, Machine, MachineId, MachineState, Markers,
    ProviderExt as _, ResourceKind, Result, Selector, Volume, VolumeId, Volumes,
};

/// A thing that exists in the cloud. One that the cloud still shows as destroyed does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thing {
    pub(crate) kind: ResourceKind,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) markers: Option<Markers>,
    pub(crate) created_at: Option<Timestamp>,
    /// The machine that has it, where it is a volume.
    pub(crate) attached_to: Option<MachineId>,
}

impl Thing {
    /// None for a machine that the cloud only still shows.
    pub(crate) fn machine(machine: &Machine) -> Option<Self> {
        (machine.state != MachineState::Destroyed).then(|| Self {
            kind: ResourceKind::Machine,
            id: machine.id.as_str().to_owned(),
            name: machine.name.clone(),
            markers: machine.markers.clone(),
            created_at: machine.created_at,
            attached_to: None,
        })
    }

    pub(crate) fn volume(volume: &Volume) -> Self {
        Self {
            kind: ResourceKind::Volume,
            id: volume.id.as_str().to_owned(),
            name: volume.name.clone(),
            markers: volume.markers.clone(),
            created_at: volume.created_at,
            attached_to: volume.attached_to.as_ref().map(|attachment| attachment.machine.clone()),
        }
    }
}

/// What the cloud has, as of a moment.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) things: Vec<Thing>,
    /// Whether absence means anything.
    pub(crate) complete: bool,
    /// What could not be listed, one sentence each.
    pub(crate) problems: Vec<String>,
    pub(crate) as_of: Timestamp,
}

impl Listing {
    pub(crate) fn has(&self, id: &str) -> bool {
        self.things.iter().any(|thing| thing.id == id)
    }
}

/// The provider, asked in the same words for every kind of thing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cloud<'a>(pub(crate) &'a dyn CloudProvider);

impl<'a> Cloud<'a> {
    /// The thing, or none where there is no such thing (any more).
    pub(crate) async fn get(self, kind: ResourceKind, id: &str) -> Result<Option<Thing>> {
        let found = match kind {
            ResourceKind::Machine => self.0.get(&MachineId::new(id)).await.map(|machine| Thing::machine(&machine)),
            _ => self.volumes(kind)?.get(&VolumeId::new(id)).await.map(|volume| Some(Thing::volume(&volume))),
        };
        match found {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map_err(|error| self.name(error, "get")),
        }
    }

    /// All that `intent` ever made.
    pub(crate) async fn find(self, kind: ResourceKind, intent: IntentId) -> Result<Listing> {
        if kind == ResourceKind::Machine {
            let found = self.0.find(intent).await.map_err(|error| self.name(error, "find"))?;
            return Ok(Listing {
                things: found.machines.iter().filter_map(Thing::machine).collect(),
                complete: found.completeness == Completeness::Complete,
                problems: Vec::new(),
                as_of: found.as_of,
            });
        }
        let mut listing = self.list(kind).await?;
        listing.things.retain(|thing| thing.markers.as_ref().is_some_and(|markers| markers.intent == intent));
        Ok(listing)
    }

    /// All that the account has.
    pub(crate) async fn list(self, kind: ResourceKind) -> Result<Listing> {
        // The moment before the question: what is made while the list is on its way may be missing from it.
        let as_of = Timestamp::now();
        if kind == ResourceKind::Machine {
            let all = self.0.list_all(Selector::all()).await;
            let (machines, completeness, problems) = all.map_err(|error| self.name(error, "list"))?;
            let complete = completeness == Completeness::Complete;
            return Ok(Listing {
                things: machines.iter().filter_map(Thing::machine).collect(),
                complete,
                problems,
                as_of,
            });
        }
        let volumes = self.volumes(kind)?.list().await.map_err(|error| self.name(error, "list"))?;
        let things = volumes.iter().map(Thing::volume).collect();
        Ok(Listing { things, complete: true, problems: Vec::new(), as_of })
    }

    /// Asks the cloud once to destroy it.
    pub(crate) async fn destroy(self, kind: ResourceKind, id: &str) -> Result<Destroyed> {
        let destroyed = match kind {
            ResourceKind::Machine => self.0.destroy(&MachineId::new(id)).await,
            _ => self.volumes(kind)?.destroy(&VolumeId::new(id)).await,
        };
        match destroyed {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Destroyed::AlreadyGone),
            other => other.map_err(|error| self.name(error, "destroy")),
        }
    }

    /// The provider's volumes; any other kind of thing is one that nothing makes yet.
    pub(crate) fn volumes(self, kind: ResourceKind) -> Result<&'a dyn Volumes> {
        let provider = self.0.info().kind;
        match self.0.volumes() {
            Some(volumes) if kind == ResourceKind::Volume => Ok(volumes),
            _ => Err(Error::unsupported(provider, format!("it has no {}s that can be managed", kind.as_str()))),
        }
    }

    fn name(self, error: Error, operation: &'static str) -> Error {
        error.with_operation(operation).with_provider(self.0.info().kind)
    }
}
