//! Hosted DNS.

use machine_core::{Destroyed, Effect, ErrorKind, RecordId, RecordSpec, ResourceKind};

use crate::Fault;
use crate::bench::{Bench, ensure_no_list, ensure_unknown};
use crate::outcome::{Outcome, Stop, refused};

cases! { "dns":
    domains_are_told_without_a_trailing_dot [Dns],
    domains_hold_the_one_to_play_with [Dns, Domain],
    records_of_a_domain_that_is_not_there_are_not_found [Dns],
    create_makes_a_record [Dns, Domain],
    create_says_unknown_and_is_not_repeated [Dns, Domain, Remote, Cloud],
    a_refused_create_has_no_effect [Dns, Domain, Remote, Cloud],
    records_show_all [Dns, Domain],
    records_are_whole_or_an_error [Dns, Domain, Remote, Cloud],
    destroy_is_idempotent [Dns, Domain],
}

fn domain(bench: &Bench) -> Outcome<String> {
    bench.subject.domain().ok_or_else(|| Stop::Missing("there is no domain to play with".to_owned()))
}

fn spec(bench: &Bench) -> Outcome<RecordSpec> {
    Ok(RecordSpec {
        domain: domain(bench)?,
        name: bench.name().to_string(),
        kind: "A".to_owned(),
        // An address that documentation may use and nobody has.
        value: "192.0.2.1".to_owned(),
        ttl_seconds: Some(1800),
        priority: None,
    })
}

async fn domains_are_told_without_a_trailing_dot(bench: &Bench) -> Outcome {
    for domain in bench.dns()?.domains().await? {
        ensure!(!domain.name.is_empty() && !domain.name.ends_with('.'), "`{}` is no domain's name", domain.name);
    }
    Ok(())
}

async fn domains_hold_the_one_to_play_with(bench: &Bench) -> Outcome {
    let (name, domains) = (domain(bench)?, bench.dns()?.domains().await?);
    ensure_eq!(domains.iter().filter(|domain| domain.name == name).count(), 1, "how often `{name}` is in the list");
    Ok(())
}

async fn records_of_a_domain_that_is_not_there_are_not_found(bench: &Bench) -> Outcome {
    let answer = bench.dns()?.records("no-such-domain.example").await;
    refused(answer, &[ErrorKind::NotFound], "the records of a domain that is not there").map(drop)
}

async fn create_makes_a_record(bench: &Bench) -> Outcome {
    let spec = spec(bench)?;
    let record = bench.create_record(&spec).await??;
    ensure_eq!(
        (&record.domain, &record.name, &record.kind, &record.value),
        (&spec.domain, &spec.name, &spec.kind, &spec.value),
        "the record"
    );
    Ok(())
}

async fn create_says_unknown_and_is_not_repeated(bench: &Bench) -> Outcome {
    let (cloud, spec) = (bench.cloud()?, spec(bench)?);
    cloud.fault(Fault::LoseCreateAnswer(ResourceKind::DnsRecord)).await;
    let answer = bench.create_record(&spec).await?;
    ensure_eq!(cloud.made(ResourceKind::DnsRecord, &spec.name).await, 1, "records for one wish");
    match answer {
        Ok(record) => broken!("the answer was lost, and yet it was {record:?}"),
        Err(error) => ensure_unknown(&error)?,
    }
    // A record has no markers, so it is put away by its name.
    let dns = bench.dns()?;
    for record in dns.records(&spec.domain).await?.iter().filter(|record| record.name == spec.name) {
        dns.destroy(&spec.domain, &record.id).await?;
    }
    Ok(())
}

async fn a_refused_create_has_no_effect(bench: &Bench) -> Outcome {
    let (cloud, spec) = (bench.cloud()?, spec(bench)?);
    cloud.fault(Fault::RefuseCreate(ResourceKind::DnsRecord)).await;
    let Err(error) = bench.create_record(&spec).await? else { broken!("it was refused, and succeeded") };
    ensure_eq!(error.effect(), Effect::None, "the effect of a refusal");
    ensure_eq!(cloud.made(ResourceKind::DnsRecord, &spec.name).await, 0, "records that were refused");
    Ok(())
}

async fn records_show_all(bench: &Bench) -> Outcome {
    let made = [bench.create_record(&spec(bench)?).await??, bench.create_record(&spec(bench)?).await??];
    let listed = bench.dns()?.records(&domain(bench)?).await?;
    for record in made {
        let count = listed.iter().filter(|it| **it == record).count();
        ensure_eq!(count, 1, "how often record `{}` is in the list", record.name);
    }
    Ok(())
}

async fn destroy_is_idempotent(bench: &Bench) -> Outcome {
    let record = bench.create_record(&spec(bench)?).await??;
    let dns = bench.dns()?;
    ensure_eq!(dns.destroy(&record.domain, &record.id).await?, Destroyed::Accepted, "the first answer");
    ensure_eq!(dns.destroy(&record.domain, &record.id).await?, Destroyed::AlreadyGone, "the second answer");
    let unknown = RecordId::new("no-such-record");
    let answer = dns.destroy(&record.domain, &unknown).await?;
    ensure_eq!(answer, Destroyed::AlreadyGone, "the answer for what nobody has");
    let left = dns.records(&record.domain).await?;
    ensure!(left.iter().all(|it| it.id != record.id), "it is still among the records");
    Ok(())
}

async fn records_are_whole_or_an_error(bench: &Bench) -> Outcome {
    bench.create_record(&spec(bench)?).await??;
    bench.cloud()?.fault(Fault::FailList(ResourceKind::DnsRecord)).await;
    ensure_no_list(bench.dns()?.records(&domain(bench)?).await)
}
