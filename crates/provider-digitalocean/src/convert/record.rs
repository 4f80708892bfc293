//! DNS records. Their values are written as in a zone file: what stands in fields of their own there, such as the port of
//! `SRV`, is part of the value here.

use machine_core::{DnsRecord, Error, ErrorKind, RecordId, RecordSpec, Result};

use crate::wire;

/// Kinds whose value is a host name, which is relative to the domain unless a dot ends it.
const OF_NAMES: &[&str] = &["CNAME", "MX", "NS", "SRV"];

/// Kinds that can be made.
const KINDS: &[&str] = &["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"];

/// The request for a record.
///
/// # Errors
/// `Invalid` for a kind that there is none of, and for a value that lacks what its kind needs.
pub(crate) fn to_record(spec: &RecordSpec) -> Result<wire::CreateRecord> {
    let kind = spec.kind.to_ascii_uppercase();
    let invalid = |what: String| Error::new(ErrorKind::Invalid, what);
    if !KINDS.contains(&kind.as_str()) {
        let what = format!("DigitalOcean makes no records of kind `{}`", spec.kind);
        return Err(invalid(what).with_hint(format!("it makes {}", KINDS.join(", "))));
    }
    if matches!(kind.as_str(), "MX" | "SRV") && spec.priority.is_none() {
        return Err(invalid(format!("a record of kind {kind} needs a priority")));
    }
    let mut record = wire::CreateRecord {
        name: if spec.name.is_empty() { "@".to_owned() } else { spec.name.clone() },
        data: spec.value.clone(),
        ttl: spec.ttl_seconds,
        priority: spec.priority.filter(|_| matches!(kind.as_str(), "MX" | "SRV")),
        port: None,
        weight: None,
        flags: None,
        tag: None,
        kind,
    };
    let fields: Vec<&str> = spec.value.split_whitespace().collect();
    match record.kind.as_str() {
        "SRV" => match fields.as_slice() {
            [weight, port, target] if weight.parse::<u16>().is_ok() && port.parse::<u16>().is_ok() => {
                (record.weight, record.port) = (weight.parse().ok(), port.parse().ok());
                (*target).clone_into(&mut record.data);
            }
            _ => return Err(invalid(format!("`{}` is not a weight, a port and a host, as SRV has them", spec.value))),
        },
        "CAA" => match fields.as_slice() {
            [flags, tag, value] if flags.parse::<u8>().is_ok() => {
                (record.flags, record.tag) = (flags.parse().ok(), Some((*tag).to_owned()));
                value.trim_matches('"').clone_into(&mut record.data);
            }
            _ => return Err(invalid(format!("`{}` is not flags, a tag and a value, as CAA has them", spec.value))),
        },
        _ => {}
    }
    if OF_NAMES.contains(&record.kind.as_str()) && record.data != "@" && !record.data.ends_with('.') {
        record.data.push('.');
    }
    Ok(record)
}

/// The record that was made or is there.
pub(crate) fn from_record(domain: &str, record: wire::Record) -> DnsRecord {
    let data = record.data.unwrap_or_default();
    let data = if OF_NAMES.contains(&record.kind.as_str()) { data.trim_end_matches('.') } else { &data };
    let value = match record.kind.as_str() {
        "SRV" => {
            format!("{} {} {data}", record.weight.unwrap_or_default(), record.port.unwrap_or_default())
        }
        "CAA" => format!("{} {} \"{data}\"", record.flags.unwrap_or_default(), record.tag.unwrap_or_default()),
        _ => data.to_owned(),
    };
    DnsRecord {
        id: RecordId::new(record.id.to_string()),
        domain: domain.to_owned(),
        name: record.name.filter(|name| name != "@").unwrap_or_default(),
        kind: record.kind,
        value,
        ttl_seconds: record.ttl,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(kind: &str, value: &str, priority: Option<u16>) -> RecordSpec {
        let (domain, name, kind, value) = ("example.com".into(), String::new(), kind.into(), value.into());
        RecordSpec { domain, name, kind, value, ttl_seconds: Some(300), priority }
    }

    fn body(kind: &str, value: &str, priority: Option<u16>) -> Value {
        json!(to_record(&spec(kind, value, priority)).unwrap())
    }

    #[test]
    fn kinds_row_by_row() {
        assert_eq!(body("a", "192.0.2.1", None), json!({"type": "A", "name": "@", "data": "192.0.2.1", "ttl": 300}));
        assert_eq!(body("TXT", "v=spf1 -all", None)["data"], "v=spf1 -all");
        assert_eq!(body("CNAME", "www.example.com", None)["data"], "www.example.com.");
        assert_eq!(body("CNAME", "@", None)["data"], "@");
        assert_eq!(body("NS", "ns1.example.com.", None)["data"], "ns1.example.com.");
        let mx = body("MX", "mail.example.com", Some(10));
        assert_eq!((&mx["data"], &mx["priority"]), (&json!("mail.example.com."), &json!(10)));
        let srv = body("SRV", "5 5060 sip.example.com", Some(1));
        assert_eq!((&srv["weight"], &srv["port"], &srv["data"]), (&json!(5), &json!(5060), &json!("sip.example.com.")));
        let caa = body("CAA", "0 issue \"letsencrypt.org\"", None);
        assert_eq!((&caa["flags"], &caa["tag"], &caa["data"]), (&json!(0), &json!("issue"), &json!("letsencrypt.org")));
        for (kind, value) in [("SOA", "x"), ("MX", "mail"), ("SRV", "5 sip"), ("CAA", "x issue y")] {
            assert_eq!(to_record(&spec(kind, value, None)).unwrap_err().kind(), ErrorKind::Invalid, "{kind}");
        }
        assert_eq!(to_record(&spec("SRV", "5 sip.example.com", Some(1))).unwrap_err().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn what_is_read_is_what_was_asked_for() {
        for (told, name, value) in [
            (json!({"id": 1, "type": "A", "name": "www", "data": "192.0.2.1", "ttl": 300}), "www", "192.0.2.1"),
            (json!({"id": 1, "type": "CNAME", "name": "@", "data": "www.example.com."}), "", "www.example.com"),
            (
                json!({"id": 1, "type": "SRV", "name": "_sip", "data": "sip.example.com", "weight": 5, "port": 5060, "priority": 1}),
                "_sip",
                "5 5060 sip.example.com",
            ),
            (
                json!({"id": 1, "type": "CAA", "name": "@", "data": "ca.test", "flags": 0, "tag": "issue"}),
                "",
                "0 issue \"ca.test\"",
            ),
        ] {
            let read = from_record("example.com", serde_json::from_value(told).unwrap());
            assert_eq!((read.name.as_str(), read.value.as_str(), read.id.as_str()), (name, value, "1"));
        }
    }
}
