//! Snapshots, keys and records of the fake.

use async_trait::async_trait;
use jiff::Timestamp;
use machine_core::*;

use super::{CreateFault, Fake};

#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) keys: Vec<SshKey>,
    pub(crate) records: Vec<DnsRecord>,
}

impl Parts {
    pub(super) fn ids(&self) -> impl Iterator<Item = String> + '_ {
        let snapshots = self.snapshots.iter().map(|it| it.id.to_string());
        let keys = self.keys.iter().map(|it| it.id.to_string());
        snapshots.chain(keys).chain(self.records.iter().map(|it| it.id.to_string()))
    }
}

impl Fake {
    /// Whether the thing is made, and what is answered then.
    fn next_create(&self, call: &'static str) -> (bool, Result<()>) {
        let mut world = self.world();
        world.calls.push(call);
        let lost = || Err(Error::new(ErrorKind::Network, "the connection was reset").with_effect(Effect::Unknown));
        match world.on_create.pop_front() {
            None => (true, Ok(())),
            Some(CreateFault::LostRequest) => (false, lost()),
            Some(CreateFault::Refused) => (false, Err(Error::new(ErrorKind::Quota, "there may be no more"))),
            Some(_) => (true, lost()),
        }
    }

    fn next_id(&self, letter: char) -> String {
        self.world().id(letter)
    }
}

#[async_trait]
impl Snapshots for Fake {
    async fn create(&self, intent: &RecordedIntent, spec: &SnapshotSpec) -> Result<Snapshot> {
        let snapshot = Snapshot {
            id: SnapshotId::new(self.next_id('s')),
            name: spec.name.clone(),
            size_gib: Some(1),
            created_at: Some(Timestamp::now()),
            markers: Some(intent.intent().markers()),
        };
        let (made, answer) = self.next_create("snapshot create");
        self.world().parts.snapshots.extend(made.then(|| snapshot.clone()));
        answer.map(|()| snapshot)
    }

    async fn list(&self) -> Result<Vec<Snapshot>> {
        Ok(self.world().parts.snapshots.clone())
    }

    async fn destroy(&self, id: &SnapshotId) -> Result<Destroyed> {
        self.world().parts.snapshots.retain(|snapshot| snapshot.id != *id);
        Ok(Destroyed::Accepted)
    }
}

#[async_trait]
impl SshKeys for Fake {
    async fn create(&self, _: &RecordedIntent, spec: &SshKeySpec) -> Result<SshKey> {
        let (name, public_key) = (spec.name.clone(), spec.public_key.clone());
        let key = SshKey { id: SshKeyId::new(self.next_id('k')), name, public_key, fingerprint: None };
        let (made, answer) = self.next_create("key create");
        self.world().parts.keys.extend(made.then(|| key.clone()));
        answer.map(|()| key)
    }

    async fn list(&self) -> Result<Vec<SshKey>> {
        Ok(self.world().parts.keys.clone())
    }

    async fn destroy(&self, id: &SshKeyId) -> Result<Destroyed> {
        self.world().parts.keys.retain(|key| key.id != *id);
        Ok(Destroyed::Accepted)
    }
}

#[async_trait]
impl Dns for Fake {
    async fn domains(&self) -> Result<Vec<Domain>> {
        Ok(["example.com", "example.org"].map(|name| Domain { name: name.to_owned() }).to_vec())
    }

    async fn records(&self, domain: &str) -> Result<Vec<DnsRecord>> {
        self.world().calls.push("records");
        let mut records = self.world().parts.records.clone();
        records.retain(|record| record.domain == domain);
        Ok(records)
    }

    async fn create(&self, _: &RecordedIntent, spec: &RecordSpec) -> Result<DnsRecord> {
        let record = DnsRecord {
            id: RecordId::new(self.next_id('r')),
            domain: spec.domain.clone(),
            name: spec.name.clone(),
            kind: spec.kind.clone(),
            value: spec.value.clone(),
            ttl_seconds: None,
        };
        let (made, answer) = self.next_create("record create");
        self.world().parts.records.extend(made.then(|| record.clone()));
        answer.map(|()| record)
    }

    async fn destroy(&self, domain: &str, id: &RecordId) -> Result<Destroyed> {
        self.world().parts.records.retain(|record| record.domain != domain || record.id != *id);
        Ok(Destroyed::Accepted)
    }
}
