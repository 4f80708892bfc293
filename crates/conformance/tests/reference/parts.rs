//! The catalogue, snapshots, keys, DNS and projects of the reference.

use async_trait::async_trait;
use machine_core::{
    Catalog, Destroyed, Dns, DnsRecord, Domain, Error, ErrorKind, Image, MachineId, MachineSpec, Money, Price, Project,
    Projects, RecordId, RecordSpec, RecordedIntent, Region, ResourceKind, Result, Size, SizeRequest, Snapshot,
    SnapshotId, SnapshotSpec, Snapshots, SshKey, SshKeyId, SshKeySpec, SshKeys,
};
use secrecy::ExposeSecret as _;

use crate::breakage::Breakage;
use crate::provider::Reference;
use crate::world::World;

/// The only domain.
pub(crate) const DOMAIN: &str = "example.org";
/// The only project.
pub(crate) const PROJECT: &str = "games";
/// The largest user data.
pub(crate) const USER_DATA: usize = 1024;

fn sizes() -> Vec<Size> {
    [("small", 1.0, 512, 10_000), ("large", 2.0, 2048, 20_000)]
        .map(|(id, cpus, memory_mib, micros)| Size {
            id: id.to_owned(),
            cpus,
            memory_mib,
            disk_gib: None,
            price: Some(Price { hourly: Money::from_micros(micros), monthly_cap: None }),
            regions: vec!["here".to_owned()],
        })
        .into()
}

/// The cheapest size that is as asked for.
pub(crate) fn size(request: &SizeRequest) -> Option<Size> {
    sizes().into_iter().find(|size| match request {
        SizeRequest::Named(name) => size.id == *name,
        SizeRequest::Need { cpus, memory_mib } => {
            cpus.is_none_or(|cpus| cpus <= size.cpus) && memory_mib.is_none_or(|memory| memory <= size.memory_mib)
        }
        _ => true,
    })
}

/// Refuses what cannot be had, before any request.
pub(crate) fn check(world: &World, spec: &MachineSpec) -> Result<()> {
    let invalid = |what: &str| Err(Error::new(ErrorKind::Invalid, format!("there is no such {what}")));
    let Some(size) = size(&spec.size) else { return invalid("size") };
    if spec.image.as_deref().is_some_and(|image| !["debian-12", "debian-12-x64"].contains(&image)) {
        return invalid("image");
    }
    if !spec.regions.is_empty() && !spec.regions.iter().any(|region| region == "here") {
        return invalid("region");
    }
    if spec.user_data.as_ref().is_some_and(|data| data.expose_secret().len() > USER_DATA) {
        return invalid("room for so much user data");
    }
    let dear = spec.max_price.is_some_and(|most| size.price.is_some_and(|price| price.hourly > most.hourly));
    if dear && !world.breaks(Breakage::PriceLimitIgnored) {
        return invalid("machine for so little");
    }
    spec.volumes.iter().try_for_each(|mount| crate::volumes::get(world, &mount.volume).map(drop))
}

#[async_trait]
impl Catalog for Reference {
    async fn regions(&self) -> Result<Vec<Region>> {
        Ok(vec![Region { id: "here".to_owned(), name: "Here".to_owned(), available: true }])
    }

    async fn sizes(&self) -> Result<Vec<Size>> {
        let mut sizes = sizes();
        if self.world.breaks(Breakage::SizesDearestFirst) {
            sizes.reverse();
        }
        Ok(sizes)
    }

    async fn images(&self) -> Result<Vec<Image>> {
        let neutral = Some("debian-12".to_owned());
        Ok(vec![Image { id: "debian-12-x64".to_owned(), name: "Debian 12".to_owned(), neutral }])
    }

    async fn price(&self, spec: &MachineSpec) -> Result<Option<Price>> {
        Ok(size(&spec.size).and_then(|size| size.price))
    }
}

#[async_trait]
impl Snapshots for Reference {
    async fn create(&self, intent: &RecordedIntent, spec: &SnapshotSpec) -> Result<Snapshot> {
        self.world.machine(spec.machine.as_str(), |_| ())?;
        self.world.create(ResourceKind::Snapshot, |state, id| {
            let snapshot = Snapshot {
                id: SnapshotId::new(id),
                name: spec.name.clone(),
                size_gib: None,
                created_at: Some(jiff::Timestamp::now()),
                markers: Some(intent.intent().markers()),
            };
            state.snapshots.push(snapshot.clone());
            snapshot
        })
    }

    async fn list(&self) -> Result<Vec<Snapshot>> {
        self.world.list(ResourceKind::Snapshot, |state| state.snapshots.clone())
    }

    async fn destroy(&self, id: &SnapshotId) -> Result<Destroyed> {
        Ok(self.world.change(|state| remove(&mut state.snapshots, |it| it.id == *id)))
    }
}

/// Takes what is meant out of the list.
fn remove<T>(list: &mut Vec<T>, meant: impl Fn(&T) -> bool) -> Destroyed {
    let before = list.len();
    list.retain(|it| !meant(it));
    if list.len() < before { Destroyed::Accepted } else { Destroyed::AlreadyGone }
}

#[async_trait]
impl SshKeys for Reference {
    async fn create(&self, _: &RecordedIntent, spec: &SshKeySpec) -> Result<SshKey> {
        self.world.create(ResourceKind::SshKey, |state, id| {
            let (name, public_key) = (spec.name.clone(), spec.public_key.clone());
            let key = SshKey { id: SshKeyId::new(id), name, public_key, fingerprint: None };
            state.keys.push(key.clone());
            key
        })
    }

    async fn list(&self) -> Result<Vec<SshKey>> {
        self.world.list(ResourceKind::SshKey, |state| state.keys.clone())
    }

    async fn destroy(&self, id: &SshKeyId) -> Result<Destroyed> {
        Ok(self.world.change(|state| remove(&mut state.keys, |it| it.id == *id)))
    }
}

#[async_trait]
impl Dns for Reference {
    async fn domains(&self) -> Result<Vec<Domain>> {
        Ok(vec![Domain { name: DOMAIN.to_owned() }])
    }

    async fn records(&self, domain: &str) -> Result<Vec<DnsRecord>> {
        if domain != DOMAIN {
            return Err(self.world.not_found("domain", domain));
        }
        self.world.list(ResourceKind::DnsRecord, |state| state.records.clone())
    }

    async fn create(&self, _: &RecordedIntent, spec: &RecordSpec) -> Result<DnsRecord> {
        self.world.create(ResourceKind::DnsRecord, |state, id| {
            let record = DnsRecord {
                id: RecordId::new(id),
                domain: spec.domain.clone(),
                name: spec.name.clone(),
                kind: spec.kind.clone(),
                value: spec.value.clone(),
                ttl_seconds: spec.ttl_seconds,
            };
            state.records.push(record.clone());
            record
        })
    }

    async fn destroy(&self, domain: &str, id: &RecordId) -> Result<Destroyed> {
        Ok(self.world.change(|state| remove(&mut state.records, |it| it.domain == domain && it.id == *id)))
    }
}

#[async_trait]
impl Projects for Reference {
    async fn list(&self) -> Result<Vec<Project>> {
        Ok(vec![Project { id: "p1".to_owned(), name: PROJECT.to_owned() }])
    }

    async fn assign(&self, project: &str, machine: &MachineId) -> Result<()> {
        if project != PROJECT {
            return Err(self.world.not_found("project", project));
        }
        self.world.machine(machine.as_str(), |_| ())
    }
}
