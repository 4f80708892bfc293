//! `machine list-domain`.

use std::net::IpAddr;

use clap::Args;
use machine_core::{Completeness, DnsRecord, Machine, ProviderExt as _, Selector};
use serde::Serialize;

use crate::app::App;
use crate::choose::Us;
use crate::client_id::Whose;
use crate::dns;
use crate::failure::{Failure, code};
use crate::show::{self, Column, ListOutput, MachineJson};

const EXAMPLES: &str = "\
Examples:
  machine list-domain example.com
  machine list-domain --all -m '*'               every record of the configuration's zone
  machine list-domain -n web-1 -o json | jq -r '.[0].data'";

/// The types of records that are shown where none is asked for: addresses.
const ADDRESSES: &[&str] = &["A", "AAAA"];

/// Every type.
const EVERY: &str = "*";

/// The column that takes a list of machines.
const MACHINE: &str = "MACHINE";

/// The zone itself as a name in it.
const ITSELF: &str = "@";

/// Lists the records of a DNS zone: those that say the address of a machine that this computer made.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = show::columns_help(&columns()))]
pub(crate) struct ListDomain {
    /// Which zone [default: the configuration's `dns-zone`].
    zone: Option<String>,
    /// Only records of this name; `@` is the zone itself.
    #[arg(long, short)]
    name: Option<String>,
    /// Only records of this type, `*` for every one [default: A and AAAA].
    #[arg(long = "type", short = 'm', value_name = "TYPE")]
    kind: Option<String>,
    /// How to show them.
    #[command(flatten)]
    output: ListOutput,
    /// Also those that say anything else.
    #[arg(long, short)]
    all: bool,
}

/// A record as programs read it. Scripts rely on the names and the order of the fields.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    machine: Option<MachineJson<'a>>,
    name: &'a str,
    fqdn: String,
    zone: &'a str,
    data: &'a str,
    ttl: Option<u32>,
    r#type: &'a str,
}

impl ListDomain {
    /// Lists them, with the machine that has the address: names only with `--quiet`.
    ///
    /// # Errors
    /// `Unsupported` where the provider hosts no DNS, `NotFound` for a zone that the account has not; else the provider's. Where the
    /// list of machines has gaps, what is known is shown, and the code is [`code::PARTLY`].
    pub(crate) async fn run(&self, app: &App) -> Result<u8, Failure> {
        let provider = dns::of(app)?;
        self.output.check(&columns())?;
        let zone = dns::zone(app, self.zone.as_deref())?;
        let mut records = provider.records(&zone).await?;
        records.retain(|record| self.is_meant(record, &zone));
        let holders = self.output.is_for_programs() || self.output.names(MACHINE);
        // Whose the addresses are is asked only where it makes a difference.
        let (machines, completeness, problems) = if (holders || !self.all) && !records.is_empty() {
            app.provider().list_all(Selector::all()).await?
        } else {
            (Vec::new(), Completeness::Complete, Vec::new())
        };
        let us = Us::of(app)?;
        let mut rows: Vec<_> = records.iter().map(|record| (record, holder(&machines, record))).collect();
        rows.retain(|(_, machine)| self.all || machine.is_some_and(|machine| us.whose(machine) == Whose::Ours));
        rows.sort_by(|(a, _), (b, _)| (&a.name, &a.kind, &a.value).cmp(&(&b.name, &b.kind, &b.value)));
        for problem in &problems {
            app.printer.warn(problem);
        }
        let shown: Vec<_> = rows.iter().map(|(record, machine)| shown(record, *machine, &zone)).collect();
        if app.printer.is_quiet() && !self.output.is_chosen() {
            let names: Vec<_> = shown.iter().map(|record| record.name.to_owned()).collect();
            show::names(&app.printer, &self.output.or_text(), &names)?;
        } else {
            self.output.show(&app.printer, show::List::new(&shown, columns(), |record| record.id.to_owned()))?;
        }
        match completeness {
            Completeness::Complete => Ok(code::OK),
            Completeness::Partial => Err(Failure::Said(code::PARTLY)),
        }
    }

    fn is_meant(&self, record: &DnsRecord, zone: &str) -> bool {
        let kind = match self.kind.as_deref() {
            None => ADDRESSES.contains(&record.kind.as_str()),
            Some(EVERY) => true,
            Some(kind) => record.kind.eq_ignore_ascii_case(kind),
        };
        // Somebody who copies a whole name means the same.
        let named = |wanted: &String| {
            let wanted = wanted.trim_end_matches('.');
            wanted.eq_ignore_ascii_case(name(record))
                || wanted.eq_ignore_ascii_case(&dns::whole_name(&record.name, zone))
        };
        kind && self.name.as_ref().is_none_or(named)
    }
}

/// The machine whose public address the record says.
fn holder<'a>(machines: &'a [Machine], record: &DnsRecord) -> Option<&'a Machine> {
    let address: IpAddr = record.value.parse().ok().filter(|address: &IpAddr| !address.is_unspecified())?;
    machines.iter().find(|machine| machine.addresses.public.contains(&address))
}

fn name(record: &DnsRecord) -> &str {
    if record.name.is_empty() { ITSELF } else { &record.name }
}

fn shown<'a>(record: &'a DnsRecord, machine: Option<&'a Machine>, zone: &'a str) -> Shown<'a> {
    Shown {
        id: record.id.as_str(),
        machine: machine.map(MachineJson::of),
        name: name(record),
        fqdn: dns::whole_name(&record.name, zone),
        zone,
        data: &record.value,
        ttl: record.ttl_seconds,
        r#type: &record.kind,
    }
}

fn columns<'a>() -> Vec<Column<'a, Shown<'a>>> {
    vec![
        Column::new("NAME", |record: &Shown<'_>| record.name.to_owned()),
        Column::new("TYPE", |record: &Shown<'_>| record.r#type.to_owned()),
        Column::new("DATA", |record: &Shown<'_>| record.data.to_owned()),
        Column::new("TTL", |record: &Shown<'_>| record.ttl.map(|ttl| ttl.to_string()).unwrap_or_default()).on_request(),
        Column::new("FQDN", |record: &Shown<'_>| record.fqdn.clone()).on_request(),
        Column::new(MACHINE, |record: &Shown<'_>| {
            record.machine.as_ref().map(|machine| machine.as_ref().name.clone()).unwrap_or_default()
        })
        .on_request(),
        Column::whole("ID", |record: &Shown<'_>| record.id.to_owned()).on_request(),
    ]
}
