//! `machine domains add-record` and `remove-record`.

use std::time::Duration;

use clap::Args;
use machine_core::{DnsRecord, Error, ErrorKind, Lifetime, RecordSpec, Result, nearest};

use crate::app::App;
use crate::failure::{Failure, code};
use crate::{confirm, dns, reaper, show, values};

const ADD: &str = "\
Examples:
  machine domains add-record example.com www CNAME web-1.example.com
  machine domains add-record example.com @ TXT 'v=spf1 -all' --ttl 1h
  machine domains add-record example.com @ MX mail.example.com --priority 10";
const REMOVE: &str = "\
Examples:
  machine domains remove-record example.com www CNAME
  machine domains remove-record --yes example.com web-1 A 203.0.113.9";

/// Adds a record to a zone.
#[derive(Debug, Args)]
#[command(before_help = ADD)]
pub(crate) struct AddRecord {
    /// The zone.
    zone: String,
    /// The name in the zone, without it; `@` is the zone itself.
    name: String,
    /// A, AAAA, CNAME, MX, TXT and the like.
    #[arg(value_name = "TYPE")]
    kind: String,
    /// What it says.
    value: String,
    /// For how long it may be cached; the provider's default otherwise.
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    ttl: Option<Duration>,
    /// For MX and SRV: 0 is the first to be tried.
    #[arg(long, value_name = "NUMBER")]
    priority: Option<u16>,
}

/// Takes records out of a zone.
#[derive(Debug, Args)]
#[command(before_help = REMOVE)]
pub(crate) struct RemoveRecord {
    /// The zone.
    zone: String,
    /// The name in the zone, without it; `@` is the zone itself.
    name: String,
    /// A, AAAA, CNAME, MX, TXT and the like.
    #[arg(value_name = "TYPE")]
    kind: String,
    /// What it says; needed where several say different things.
    value: Option<String>,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl AddRecord {
    /// Makes it, and shows its id.
    ///
    /// # Errors
    /// `AlreadyExists` for one that says the same; `NotFound` for a zone that the account has not; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let zone = dns::zone(app, Some(&self.zone))?;
        dns::zone_exists(app, &zone).await?;
        let ttl = self.ttl.map(|ttl| u32::try_from(ttl.as_secs()).unwrap_or(u32::MAX));
        let spec = RecordSpec {
            domain: zone,
            name: below(&self.name).to_owned(),
            kind: self.kind.to_ascii_uppercase(),
            value: self.value.clone(),
            ttl_seconds: ttl,
            priority: self.priority,
        };
        let whole = dns::whole_name(&spec.name, &spec.domain);
        if app.only_tells(format_args!("create record {whole} {} {}", spec.kind, spec.value))? {
            return Ok(code::OK);
        }
        let fleet = app.fleet().await?;
        let create = async { Ok(fleet.create_record(&spec, Lifetime::Deadline, None).await?) };
        let record = reaper::watched_where_it_costs(app, create).await?;
        app.printer.line(&record.id)?;
        Ok(code::OK)
    }
}

impl RemoveRecord {
    /// Asks, where a terminal is there to ask, and destroys it.
    ///
    /// # Errors
    /// `NotFound` where there is none; `Conflict` where there are several and no value says which; else the provider's.
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let zone = dns::zone(app, Some(&self.zone))?;
        dns::zone_exists(app, &zone).await?;
        let records = dns::of(app)?.records(&zone).await?;
        let record = self.meant(&zone, &records)?;
        let says = format!("{} {} {}", dns::whole_name(&record.name, &zone), record.kind, record.value);
        if app.only_tells(format_args!("destroy record {} ({})", show::clean(&says), record.id))? {
            return Ok(code::OK);
        }
        if !self.yes {
            confirm::destroying(&app.printer, "record", &says, record.id.as_str())?;
        }
        let fleet = app.fleet().await?;
        let destroy = async { Ok(fleet.destroy_record(&zone, &record.id, app.destroy_deadline()).await?) };
        reaper::watched_where_it_costs(app, destroy).await?;
        app.printer.progress(format_args!("{} {}: removed", dns::whole_name(&record.name, &zone), record.kind));
        Ok(code::OK)
    }

    fn meant<'a>(&self, zone: &str, records: &'a [DnsRecord]) -> Result<&'a DnsRecord> {
        let name = below(&self.name);
        let named: Vec<_> = records
            .iter()
            .filter(|record| record.name.eq_ignore_ascii_case(name) && record.kind.eq_ignore_ascii_case(&self.kind))
            .collect();
        let says = |record: &&&DnsRecord| self.value.as_ref().is_none_or(|value| is_value(record, value));
        let found: Vec<_> = named.iter().filter(says).collect();
        let what = || format!("{} {}", dns::whole_name(name, zone), self.kind.to_ascii_uppercase());
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let error = Error::new(ErrorKind::NotFound, format!("there is no record {}", what()));
                let values: Vec<_> = named.iter().map(|record| record.value.as_str()).collect();
                let others = records.iter().map(|record| record.name.as_str()).filter(|other| !other.is_empty());
                let near = nearest(name, others);
                Err(match (values.as_slice(), near.as_slice()) {
                    ([_, ..], _) => error.with_hint(format!("it says {}", values.join(", "))),
                    ([], [near, ..]) if !near.eq_ignore_ascii_case(name) => {
                        error.with_hint(format!("did you mean {near}?"))
                    }
                    _ => error.with_hint("`machine list-domain --all -m '*'` shows what there is"),
                })
            }
            several => {
                let values: Vec<_> = several.iter().map(|record| record.value.as_str()).collect();
                let text = format!("there are several records {}; say which: {}", what(), values.join(", "));
                Err(Error::new(ErrorKind::Conflict, text))
            }
        }
    }
}

/// The name as records have it: the zone itself has none.
fn below(name: &str) -> &str {
    if name == "@" { "" } else { name }
}

/// Whether the record says that. A host's name may be written in several ways.
fn is_value(record: &DnsRecord, value: &str) -> bool {
    let same_host = || record.value.eq_ignore_ascii_case(value.trim_end_matches('.'));
    record.value == value || record.kind != "TXT" && same_host()
}
