//! Hosted DNS.

use async_trait::async_trait;
use machine_core::{Destroyed, Dns, DnsRecord, Domain, Error, ErrorKind, RecordId, RecordSpec, RecordedIntent, Result};

use super::{VultrProvider, destroyed};
use crate::api::no_such;
use crate::convert::{apex, quoted, record};
use crate::wire::{self, CreateRecord, One, Record};

#[async_trait]
impl Dns for VultrProvider {
    async fn domains(&self) -> Result<Vec<Domain>> {
        let domains: Vec<wire::Domain> = self.api.all(&["domains"]).await?;
        Ok(domains.into_iter().map(|known| Domain { name: known.domain.trim_end_matches('.').to_owned() }).collect())
    }

    async fn records(&self, domain: &str) -> Result<Vec<DnsRecord>> {
        let records: Result<Vec<Record>> = self.api.all(&["domains", domain, "records"]).await;
        let records = records.map_err(|error| no_such("domain", domain, error))?;
        Ok(records.into_iter().map(|known| record(domain, known)).collect())
    }

    async fn create(&self, _: &RecordedIntent, spec: &RecordSpec) -> Result<DnsRecord> {
        let kind = spec.kind.to_ascii_uppercase();
        if matches!(kind.as_str(), "MX" | "SRV") && spec.priority.is_none() {
            let what = format!("a record of type {kind} needs a priority");
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("0 is the first to be tried"));
        }
        let request = CreateRecord {
            name: apex(&spec.name),
            kind: &kind,
            data: quoted(&kind, &spec.value),
            ttl: spec.ttl_seconds,
            priority: spec.priority,
        };
        let path = ["domains", spec.domain.as_str(), "records"];
        let made = self.api.post(&path).json(&request).send::<One<Record>>().await;
        let One(made) = made.map_err(|error| no_such("domain", &spec.domain, error))?;
        Ok(record(&spec.domain, made))
    }

    async fn destroy(&self, domain: &str, id: &RecordId) -> Result<Destroyed> {
        destroyed(self.api.delete(&["domains", domain, "records", id.as_str()]).done().await)
    }
}
