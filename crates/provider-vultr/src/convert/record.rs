//! DNS records: quotes around texts, and the name of the domain itself.

use machine_core::{DnsRecord, RecordId};

use crate::wire::Record;

/// The value as the cloud takes it: a text in quotes, everything else as it is.
pub(crate) fn quoted(kind: &str, value: &str) -> String {
    if !kind.eq_ignore_ascii_case("TXT") || (value.len() >= 2 && value.starts_with('"') && value.ends_with('"')) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn unquoted(kind: &str, data: &str) -> String {
    let inner = data.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner.filter(|_| kind.eq_ignore_ascii_case("TXT")) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => data.to_owned(),
    }
}

/// The name below the domain as the cloud takes it: nothing for the domain itself, which people also write `@`.
pub(crate) fn apex(name: &str) -> &str {
    if name == "@" { "" } else { name }
}

/// The record in our words.
pub(crate) fn record(domain: &str, record: Record) -> DnsRecord {
    DnsRecord {
        id: RecordId::new(record.id),
        domain: domain.to_owned(),
        name: apex(&record.name).to_owned(),
        value: unquoted(&record.kind, &record.data),
        kind: record.kind,
        ttl_seconds: u32::try_from(record.ttl).ok().filter(|ttl| *ttl > 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_on_its_way_and_unquoted_on_its_way_back() {
        for (kind, value, sent) in [
            ("TXT", "v=spf1 -all", "\"v=spf1 -all\""),
            ("txt", "say \"a\\b\" twice", "\"say \\\"a\\\\b\\\" twice\""),
            ("A", "192.0.2.1", "192.0.2.1"),
            ("SRV", "10 5060 sip.a.test", "10 5060 sip.a.test"),
        ] {
            assert_eq!(quoted(kind, value), sent);
            assert_eq!(unquoted(kind, sent), value);
        }
        assert_eq!(quoted("TXT", "\"already\""), "\"already\"");
        assert_eq!((apex("@"), apex(""), apex("www")), ("", "", "www"));
    }
}
