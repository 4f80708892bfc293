//! Snapshots, registered keys and DNS records through the ledger.
//!
//! A key and a record carry no markers. They are found again by what they are, so that one that is there already is refused before
//! anything is recorded: nobody could tell the two apart.

use jiff::Timestamp;
use machine_core::{
    Deadline, Destroyed, DnsRecord, Lifetime, RecordId, RecordSpec, ResourceKind, Result, Snapshot, SnapshotId,
    SnapshotSpec, SshKey, SshKeyId, SshKeySpec,
};

use crate::Fleet;
use crate::ledger::Entry;
use crate::wanted::{Made, Wanted, record_id};

impl Fleet {
    /// Takes a snapshot, as [`create`](Self::create) creates a machine.
    ///
    /// # Errors
    /// As there; [`Unsupported`](machine_core::ErrorKind::Unsupported) where the provider has no snapshots.
    pub async fn create_snapshot(
        &self,
        spec: &SnapshotSpec,
        lifetime: Lifetime,
        deadline: Option<Timestamp>,
    ) -> Result<Snapshot> {
        match self.inner.create(Wanted::Snapshot(spec.clone()), lifetime, deadline, self.made_for).await? {
            Made::Snapshot(snapshot) => Ok(*snapshot),
            other => Err(other.unexpected()),
        }
    }

    /// Destroys a snapshot, as [`destroy`](Self::destroy) destroys a machine.
    ///
    /// # Errors
    /// As there.
    pub async fn destroy_snapshot(&self, id: &SnapshotId, deadline: Deadline) -> Result<Destroyed> {
        self.inner.destroy(ResourceKind::Snapshot, id.as_str().to_owned(), deadline).await
    }

    /// Registers a public key, as [`create`](Self::create) creates a machine.
    ///
    /// # Errors
    /// As there; [`AlreadyExists`](machine_core::ErrorKind::AlreadyExists) for one that is registered under that name.
    pub async fn create_ssh_key(
        &self,
        spec: &SshKeySpec,
        lifetime: Lifetime,
        deadline: Option<Timestamp>,
    ) -> Result<SshKey> {
        match self.inner.create(Wanted::SshKey(spec.clone()), lifetime, deadline, self.made_for).await? {
            Made::SshKey(key) => Ok(*key),
            other => Err(other.unexpected()),
        }
    }

    /// Takes a key off the account, as [`destroy`](Self::destroy) destroys a machine.
    ///
    /// # Errors
    /// As there.
    pub async fn destroy_ssh_key(&self, id: &SshKeyId, deadline: Deadline) -> Result<Destroyed> {
        self.inner.destroy(ResourceKind::SshKey, id.as_str().to_owned(), deadline).await
    }

    /// Creates a DNS record, as [`create`](Self::create) creates a machine.
    ///
    /// # Errors
    /// As there; [`AlreadyExists`](machine_core::ErrorKind::AlreadyExists) for one that says the same already.
    pub async fn create_record(
        &self,
        spec: &RecordSpec,
        lifetime: Lifetime,
        deadline: Option<Timestamp>,
    ) -> Result<DnsRecord> {
        match self.inner.create(Wanted::DnsRecord(spec.clone()), lifetime, deadline, self.made_for).await? {
            Made::DnsRecord(record) => Ok(*record),
            other => Err(other.unexpected()),
        }
    }

    /// The line of a DNS record that we have made and that is not known to be gone.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn made_record(&self, domain: &str, id: &RecordId) -> Result<Option<Entry>> {
        let inner = &self.inner;
        let (kind, id) = (inner.provider.info().kind, record_id(domain, id.as_str()));
        let line = inner.ledger.find(kind, ResourceKind::DnsRecord, &id).await?;
        Ok(line.filter(|line| inner.concerns(line) && !line.adopted && !line.state.is_tombstone()))
    }

    /// Destroys a DNS record, as [`destroy`](Self::destroy) destroys a machine.
    ///
    /// # Errors
    /// As there.
    pub async fn destroy_record(&self, domain: &str, id: &RecordId, deadline: Deadline) -> Result<Destroyed> {
        self.inner.destroy(ResourceKind::DnsRecord, record_id(domain, id.as_str()), deadline).await
    }
}
