//! Every kind of thing seen in one way, so that there is one way to create, destroy and sweep them.

use jiff::Timestamp;
use machine_core::{
    CloudProvider, Completeness, Destroyed, Dns, DnsRecord, Error, ErrorKind, Intent, Machine, MachineId, MachineState,
    Markers, ProviderExt as _, RecordId, RecordedIntent, ResourceKind, Result, Selector, Snapshot, SnapshotId,
    Snapshots, SshKey, SshKeyId, SshKeys, Volume, VolumeId, Volumes,
};

use crate::wanted::{Made, Wanted, carries_markers, in_domain, key_name, record_id, record_name};

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

    fn snapshot(snapshot: &Snapshot) -> Self {
        let (id, name) = (snapshot.id.to_string(), snapshot.name.clone());
        let (markers, created_at) = (snapshot.markers.clone(), snapshot.created_at);
        Self { kind: ResourceKind::Snapshot, id, name, markers, created_at, attached_to: None }
    }

    fn ssh_key(key: &SshKey) -> Self {
        let (id, name) = (key.id.to_string(), key_name(&key.name, &key.public_key));
        Self { kind: ResourceKind::SshKey, id, name, markers: None, created_at: None, attached_to: None }
    }

    fn dns_record(record: &DnsRecord) -> Self {
        let name = record_name(&record.domain, &record.name, &record.kind, &record.value);
        let id = record_id(&record.domain, record.id.as_str());
        Self { kind: ResourceKind::DnsRecord, id, name, markers: None, created_at: None, attached_to: None }
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
            ResourceKind::Volume => {
                self.volumes()?.get(&VolumeId::new(id)).await.map(|volume| Some(Thing::volume(&volume)))
            }
            // These have no address of their own in the trait; their lists are short.
            _ => self.list(kind, id).await.map(|all| all.things.into_iter().find(|thing| thing.id == id)),
        };
        match found {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map_err(|error| self.name(error, "get")),
        }
    }

    /// All that `intent` ever made. Of what carries no markers: all that is just what it was to make.
    pub(crate) async fn find(self, intent: &Intent) -> Result<Listing> {
        if intent.resource == ResourceKind::Machine {
            let found = self.0.find(intent.id).await.map_err(|error| self.name(error, "find"))?;
            return Ok(Listing {
                things: found.machines.iter().filter_map(Thing::machine).collect(),
                complete: found.completeness == Completeness::Complete,
                problems: Vec::new(),
                as_of: found.as_of,
            });
        }
        let mut listing = self.list(intent.resource, &intent.name).await?;
        let marked = carries_markers(intent.resource);
        listing.things.retain(|thing| match &thing.markers {
            Some(markers) => markers.intent == intent.id,
            None => !marked && thing.name == intent.name,
        });
        Ok(listing)
    }

    /// All things of a kind that the account has; of DNS records those of the domain in which `near`, a record's name or id, is.
    pub(crate) async fn list(self, kind: ResourceKind, near: &str) -> Result<Listing> {
        // The moment before the question: what is made while the list is on its way may be missing from it.
        let as_of = Timestamp::now();
        let named = |error| self.name(error, "list");
        let things = match kind {
            ResourceKind::Machine => {
                let all = self.0.list_all(Selector::all()).await;
                let (machines, completeness, problems) = all.map_err(named)?;
                let complete = completeness == Completeness::Complete;
                let things = machines.iter().filter_map(Thing::machine).collect();
                return Ok(Listing { things, complete, problems, as_of });
            }
            ResourceKind::Volume => self.volumes()?.list().await.map_err(named)?.iter().map(Thing::volume).collect(),
            ResourceKind::Snapshot => {
                self.snapshots()?.list().await.map_err(named)?.iter().map(Thing::snapshot).collect()
            }
            ResourceKind::SshKey => self.ssh_keys()?.list().await.map_err(named)?.iter().map(Thing::ssh_key).collect(),
            ResourceKind::DnsRecord => match self.dns()?.records(in_domain(near)?.0).await {
                Ok(records) => records.iter().map(Thing::dns_record).collect(),
                // With a domain go its records.
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(named(error)),
            },
            kind => return Err(self.lacks(kind)),
        };
        Ok(Listing { things, complete: true, problems: Vec::new(), as_of })
    }

    /// The one mutating request that makes what is wanted.
    pub(crate) async fn create(self, recorded: &RecordedIntent, wanted: &Wanted) -> Result<Made> {
        match wanted {
            Wanted::Machine(spec) => {
                self.0.create(recorded, spec).await.map(|machine| Made::Machine(Box::new(machine)))
            }
            Wanted::Volume(spec) => {
                self.volumes()?.create(recorded, spec).await.map(|volume| Made::Volume(Box::new(volume)))
            }
            Wanted::Snapshot(spec) => {
                self.snapshots()?.create(recorded, spec).await.map(|snapshot| Made::Snapshot(Box::new(snapshot)))
            }
            Wanted::SshKey(spec) => {
                self.ssh_keys()?.create(recorded, spec).await.map(|key| Made::SshKey(Box::new(key)))
            }
            Wanted::DnsRecord(spec) => {
                self.dns()?.create(recorded, spec).await.map(|record| Made::DnsRecord(Box::new(record)))
            }
        }
    }

    /// What is there under that id, as whoever asked for it wants to have it.
    pub(crate) async fn fetch(self, kind: ResourceKind, id: &str) -> Result<Made> {
        let gone = || Error::not_found(kind.as_str(), id);
        match kind {
            ResourceKind::Machine => {
                self.0.get(&MachineId::new(id)).await.map(|machine| Made::Machine(Box::new(machine)))
            }
            ResourceKind::Volume => {
                self.volumes()?.get(&VolumeId::new(id)).await.map(|volume| Made::Volume(Box::new(volume)))
            }
            ResourceKind::Snapshot => {
                let found = self.snapshots()?.list().await?.into_iter().find(|it| it.id.as_str() == id);
                found.map(|snapshot| Made::Snapshot(Box::new(snapshot))).ok_or_else(gone)
            }
            ResourceKind::SshKey => {
                let found = self.ssh_keys()?.list().await?.into_iter().find(|it| it.id.as_str() == id);
                found.map(|key| Made::SshKey(Box::new(key))).ok_or_else(gone)
            }
            ResourceKind::DnsRecord => {
                let (domain, record) = in_domain(id)?;
                let found = self.dns()?.records(domain).await?.into_iter().find(|it| it.id.as_str() == record);
                found.map(|record| Made::DnsRecord(Box::new(record))).ok_or_else(gone)
            }
            kind => Err(self.lacks(kind)),
        }
    }

    /// Asks the cloud once to destroy it.
    pub(crate) async fn destroy(self, kind: ResourceKind, id: &str) -> Result<Destroyed> {
        let destroyed = match kind {
            ResourceKind::Machine => self.0.destroy(&MachineId::new(id)).await,
            ResourceKind::Volume => self.volumes()?.destroy(&VolumeId::new(id)).await,
            ResourceKind::Snapshot => self.snapshots()?.destroy(&SnapshotId::new(id)).await,
            ResourceKind::SshKey => self.ssh_keys()?.destroy(&SshKeyId::new(id)).await,
            ResourceKind::DnsRecord => {
                let (domain, record) = in_domain(id)?;
                self.dns()?.destroy(domain, &RecordId::new(record)).await
            }
            kind => return Err(self.lacks(kind)),
        };
        match destroyed {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Destroyed::AlreadyGone),
            other => other.map_err(|error| self.name(error, "destroy")),
        }
    }

    /// Refuses what the provider has none of.
    pub(crate) fn must_have(self, kind: ResourceKind) -> Result<()> {
        match kind {
            ResourceKind::Machine => Ok(()),
            ResourceKind::Volume => self.volumes().map(drop),
            ResourceKind::Snapshot => self.snapshots().map(drop),
            ResourceKind::SshKey => self.ssh_keys().map(drop),
            ResourceKind::DnsRecord => self.dns().map(drop),
            kind => Err(self.lacks(kind)),
        }
    }

    fn volumes(self) -> Result<&'a dyn Volumes> {
        self.0.volumes().ok_or_else(|| self.lacks(ResourceKind::Volume))
    }

    fn snapshots(self) -> Result<&'a dyn Snapshots> {
        self.0.snapshots().ok_or_else(|| self.lacks(ResourceKind::Snapshot))
    }

    fn ssh_keys(self) -> Result<&'a dyn SshKeys> {
        self.0.ssh_keys().ok_or_else(|| self.lacks(ResourceKind::SshKey))
    }

    fn dns(self) -> Result<&'a dyn Dns> {
        self.0.dns().ok_or_else(|| self.lacks(ResourceKind::DnsRecord))
    }

    fn lacks(self, kind: ResourceKind) -> Error {
        Error::unsupported(self.0.info().kind, format!("it has no {}s that can be managed", kind.as_str()))
    }

    fn name(self, error: Error, operation: &'static str) -> Error {
        error.with_operation(operation).with_provider(self.0.info().kind)
    }
}
