//! DNS zones and records hosted by a provider.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Destroyed, RecordId, RecordedIntent, Result};

/// DNS zones and records hosted by a provider.
#[async_trait]
pub trait Dns: Send + Sync {
    /// All domains of the account, complete or not at all.
    async fn domains(&self) -> Result<Vec<Domain>>;

    /// All records of a domain, complete or not at all. A domain that the account does not have is
    /// [`NotFound`](crate::ErrorKind::NotFound).
    async fn records(&self, domain: &str) -> Result<Vec<DnsRecord>>;

    /// Creates a record. Same contract as creating a machine.
    async fn create(&self, intent: &RecordedIntent, spec: &RecordSpec) -> Result<DnsRecord>;

    /// Destroys a record; idempotent.
    async fn destroy(&self, domain: &str, id: &RecordId) -> Result<Destroyed>;
}

/// A hosted domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Its name, without a trailing dot.
    pub name: String,
}

/// What is asked for when a record is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSpec {
    /// The domain.
    pub domain: String,
    /// The name below it; empty for the domain itself.
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, `TXT`, ...
    pub kind: String,
    /// Its value, unquoted.
    pub value: String,
    /// Seconds that it may be cached for; the provider's default otherwise.
    pub ttl_seconds: Option<u32>,
    /// For `MX` and `SRV`.
    pub priority: Option<u16>,
}

/// A record as a provider reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// The provider's id.
    pub id: RecordId,
    /// The domain.
    pub domain: String,
    /// The name below it; empty for the domain itself.
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, `TXT`, ...
    pub kind: String,
    /// Its value, unquoted.
    pub value: String,
    /// Seconds that it may be cached for.
    pub ttl_seconds: Option<u32>,
}
