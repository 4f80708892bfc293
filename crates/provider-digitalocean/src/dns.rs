//! Hosted DNS. A record has no place for our markers: what was made for an intent is known by its name and value only.

use async_trait::async_trait;
use machine_core::{Destroyed, Dns, DnsRecord, Domain, Error, ErrorKind, RecordId, RecordSpec, RecordedIntent, Result};

use crate::convert::{from_record, number, to_record};
use crate::find::named;
use crate::provider::DigitalOceanProvider;
use crate::wire::{self, RecordAnswer};

impl DigitalOceanProvider {
    /// The domain that is meant: the configuration's where none is named.
    fn domain(&self, named: &str) -> Result<String> {
        let named = named.trim_end_matches('.').to_lowercase();
        match &self.defaults().dns_zone {
            _ if !named.is_empty() => Ok(named),
            Some(zone) => Ok(zone.trim_end_matches('.').to_lowercase()),
            None => Err(Error::new(ErrorKind::Invalid, "no domain is named, and the configuration has none")
                .with_hint("name one, or set `dns-zone`")),
        }
    }

    async fn create_record(&self, spec: &RecordSpec) -> Result<DnsRecord> {
        let (domain, body) = (self.domain(&spec.domain)?, to_record(spec)?);
        let request = self.api().post(["domains", &domain, "records"]).json(&body);
        let answer: Result<RecordAnswer> = request.send().await;
        let record = answer.map_err(|error| named(error, "domain", &domain))?.domain_record;
        Ok(from_record(&domain, record))
    }

    async fn domain_records(&self, domain: &str) -> Result<Vec<DnsRecord>> {
        let domain = self.domain(domain)?;
        let records: Result<Vec<wire::Record>> = self.api().list(&["domains", &domain, "records"], &[]).await;
        let records = records.map_err(|error| named(error, "domain", &domain))?;
        let records = records.into_iter().map(|record| from_record(&domain, record)).collect();
        Ok(machine_http::distinct(records, |record: &DnsRecord| record.id.clone()))
    }
}

#[async_trait]
impl Dns for DigitalOceanProvider {
    async fn domains(&self) -> Result<Vec<Domain>> {
        let domains: Vec<wire::Domain> = self.api().list(&["domains"], &[]).await?;
        let named = |domain: wire::Domain| Domain { name: domain.name.trim_end_matches('.').to_owned() };
        Ok(machine_http::distinct(domains.into_iter().map(named).collect(), |domain: &Domain| domain.name.clone()))
    }

    async fn records(&self, domain: &str) -> Result<Vec<DnsRecord>> {
        self.domain_records(domain).await
    }

    async fn create(&self, _: &RecordedIntent, spec: &RecordSpec) -> Result<DnsRecord> {
        self.create_record(spec).await
    }

    async fn destroy(&self, domain: &str, id: &RecordId) -> Result<Destroyed> {
        let domain = self.domain(domain)?;
        match number(id.as_str()) {
            Some(_) => self.remove(&["domains", &domain, "records", id.as_str()]).await,
            None => Ok(Destroyed::AlreadyGone),
        }
    }
}
