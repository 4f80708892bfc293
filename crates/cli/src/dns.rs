//! The names of machines in DNS: `<machine>.<zone>`, one record that says the machine's address.
//!
//! A record of ours is made for its machine, so that the fleet destroys it with the machine. What has the machine's name and says
//! something else is nobody's business here: a text, or the address of another machine.

use std::net::IpAddr;

use machine_core::{Dns, DnsRecord, Domain, Error, ErrorKind, Lifetime, Machine, RecordSpec, Result, nearest};
use machine_fleet::Fleet;

use crate::app::App;
use crate::failure::Failure;

/// The setting that names the zone where nobody does.
const SETTING: &str = "dns-zone";

/// How many seconds an address may be cached for: machines come and go.
const TTL_SECONDS: u32 = 300;

/// The type of a record by which a name stands for another, and has no records of its own.
const ALIAS: &str = "CNAME";

/// The provider's DNS.
///
/// # Errors
/// `Unsupported` where it hosts none.
pub(crate) fn of(app: &App) -> Result<&dyn Dns> {
    app.provider().dns().ok_or_else(|| Error::unsupported(app.provider().info().kind, "it hosts no DNS zones"))
}

/// The zone that the account's section of the configuration names.
pub(crate) fn configured_zone(app: &App) -> Option<String> {
    let setting = app.settings().settings().into_iter().find(|setting| setting.key == SETTING)?;
    setting.value?.as_str().map(plain).filter(|zone| !zone.is_empty())
}

/// The zone that is meant: the one that is named, else the configured one.
///
/// # Errors
/// `Invalid` where there is neither.
pub(crate) fn zone(app: &App, named: Option<&str>) -> Result<String> {
    let named = named.map(plain).filter(|zone| !zone.is_empty());
    named.or_else(|| configured_zone(app)).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, "no DNS zone specified: none is named, and the configuration has none")
            .with_hint(format!("name one, or set `{SETTING}` in the section `{}`", app.section()))
    })
}

/// Makes sure that the account has the zone. To be asked before anything is made that is to have a name in it.
///
/// # Errors
/// `NotFound` with the nearest zones; `Unsupported` where the provider hosts no DNS.
pub(crate) async fn zone_exists(app: &App, zone: &str) -> Result<()> {
    among(&of(app)?.domains().await?, zone)
}

/// Makes sure that the zone is one of these.
///
/// # Errors
/// `NotFound` with the nearest zones.
pub(crate) fn among(domains: &[Domain], zone: &str) -> Result<()> {
    let zone = plain(zone);
    if domains.iter().any(|domain| plain(&domain.name) == zone) {
        return Ok(());
    }
    let near = nearest(&zone, domains.iter().map(|domain| domain.name.as_str()));
    let error = Error::new(ErrorKind::NotFound, format!("DNS zone `{zone}` not found in this account"));
    Err(match near.as_slice() {
        [] => error.with_hint("`machine domains` shows what there is"),
        near => error.with_hint(format!("did you mean {}?", near.join(", "))),
    })
}

/// The whole name of what is called `name` in the zone; the zone itself where that is empty.
pub(crate) fn whole_name(name: &str, zone: &str) -> String {
    if name.is_empty() { zone.to_owned() } else { format!("{name}.{zone}") }
}

/// Gives the machine its name in the zone: a record that says `ip`, which goes when the machine goes. One that says so already is
/// left alone. One with another address is replaced where it is ours and not that of another machine that is still there: the new
/// one is made first. Answers with the record that says `ip`.
///
/// # Errors
/// `Conflict` for a name that somebody else's record has, before anything is changed; `NotFound` for a zone that the account has
/// not; else what [`Fleet::create_record`] and [`Fleet::destroy_record`] say.
pub(crate) async fn publish(app: &App, machine: &Machine, zone: &str, ip: IpAddr) -> Result<DnsRecord> {
    let (zone, kind) = (plain(zone), kind_of(ip));
    let mut there = of(app)?.records(&zone).await?;
    there.retain(|record| is_of(machine, record) && (record.kind == kind || record.kind == ALIAS));
    if let Some(same) = there.iter().find(|record| says(record, ip)) {
        return Ok(same.clone());
    }
    let fleet = app.fleet().await?;
    for record in &there {
        refuse_others(fleet, machine, record).await?;
    }
    let spec = RecordSpec {
        domain: zone.clone(),
        name: machine.name.clone(),
        kind: kind.to_owned(),
        value: ip.to_string(),
        ttl_seconds: Some(TTL_SECONDS),
        priority: None,
    };
    let ours = machine.markers.as_ref().filter(|markers| markers.owner == *fleet.ledger().owner());
    let maker = ours.map_or_else(|| fleet.clone(), |markers| fleet.made_for(markers.intent));
    let made = maker.create_record(&spec, Lifetime::Deadline, None).await?;
    for old in &there {
        fleet.destroy_record(&zone, &old.id, app.destroy_deadline()).await?;
        app.printer.note(format_args!("{} said {} before", whole_name(&old.name, &zone), old.value));
    }
    Ok(made)
}

/// Takes the machine's name out of the zone: the records that have its name and say `ip`, whoever made them, and nothing else.
/// There need not be one: what was made for a machine has gone with it. Answers with what went. That the account has no such zone
/// (any more) is only noted.
///
/// `ip` is to be learned before the machine is destroyed: nobody can tell it afterwards.
///
/// # Errors
/// What the provider says to the list; what [`Fleet::destroy_record`] says.
pub(crate) async fn withdraw(app: &App, machine: &Machine, zone: &str, ip: IpAddr) -> Result<Vec<DnsRecord>, Failure> {
    let zone = plain(zone);
    let mut records = match of(app)?.records(&zone).await {
        Ok(records) => records,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let name = whole_name(&machine.name, &zone);
            app.printer.note(format_args!("there is no DNS zone `{zone}`, so {name} is in none"));
            return Ok(Vec::new());
        }
        Err(error) => return Err(error.into()),
    };
    records.retain(|record| is_of(machine, record) && says(record, ip));
    let mut gone = Vec::new();
    for record in records {
        let name = whole_name(&record.name, &zone);
        if app.only_tells(format_args!("destroy record {name} {} {} ({})", record.kind, record.value, record.id))? {
            continue;
        }
        app.fleet().await?.destroy_record(&zone, &record.id, app.destroy_deadline()).await?;
        gone.push(record);
    }
    Ok(gone)
}

/// Refuses to replace what we have not made, and what another machine of ours is reached by.
async fn refuse_others(fleet: &Fleet, machine: &Machine, record: &DnsRecord) -> Result<()> {
    let name = whole_name(&record.name, &record.domain);
    let taken = |by: &str| {
        let what = format!("{name} says {} ({}) already, {by}", record.value, record.kind);
        let hint = "give the machine another name, or take that record away: `machine domains remove-record`";
        Error::new(ErrorKind::Conflict, what).with_hint(hint)
    };
    // Nobody makes one for a machine.
    if record.kind == ALIAS {
        return Err(taken("and a name that stands for another has no address of its own"));
    }
    let Some(line) = fleet.made_record(&record.domain, &record.id).await? else {
        return Err(taken("and this computer has not made that record"));
    };
    let this = machine.markers.as_ref().map(|markers| markers.intent);
    let Some(other) = line.made_for.filter(|other| Some(*other) != this) else { return Ok(()) };
    match fleet.ledger().get(other).await? {
        Some(other) if !other.state.is_tombstone() => {
            let id = other.resource_id.unwrap_or_default();
            Err(taken(&format!("for the machine `{}` ({id}), which is still there", other.intent.name)))
        }
        _ => Ok(()),
    }
}

fn is_of(machine: &Machine, record: &DnsRecord) -> bool {
    record.name.eq_ignore_ascii_case(&machine.name)
}

fn says(record: &DnsRecord, ip: IpAddr) -> bool {
    record.kind == kind_of(ip) && record.value.parse() == Ok(ip)
}

fn kind_of(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "A" } else { "AAAA" }
}

/// The zone as it is compared and written.
fn plain(zone: &str) -> String {
    zone.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use machine_core::RecordId;

    use super::*;

    fn record(name: &str, kind: &str, value: &str) -> DnsRecord {
        let (id, domain) = (RecordId::new("1"), "example.com".to_owned());
        let (name, kind, value) = (name.to_owned(), kind.to_owned(), value.to_owned());
        DnsRecord { id, domain, name, kind, value, ttl_seconds: None }
    }

    #[test]
    fn a_machines_record_has_its_name_its_address_and_the_kind_of_that() {
        let machine = Machine::new("1", "web", "vultr", "running");
        let (four, six) = ("203.0.113.9".parse().unwrap(), "2001:db8::9".parse().unwrap());
        let meant = |name, kind, value, ip| {
            let record = record(name, kind, value);
            is_of(&machine, &record) && says(&record, ip)
        };
        assert!(meant("web", "A", "203.0.113.9", four) && meant("Web", "AAAA", "2001:0db8:0::9", six));
        assert!(!meant("web", "TXT", "203.0.113.9", four), "a text of the same name is no address");
        assert!(!meant("web", "A", "203.0.113.8", four), "another's address");
        assert!(!meant("www", "A", "203.0.113.9", four) && !meant("", "A", "203.0.113.9", four));
        assert_eq!(whole_name("web", "example.com"), "web.example.com");
        assert_eq!(whole_name("", &plain("Example.com.")), "example.com");
    }
}
