//! What is asked for, and what came of it: one shape for every kind of thing that the ledger has.

use machine_core::{
    DnsRecord, Error, ErrorKind, Machine, MachineSpec, RecordSpec, ResourceKind, Result, Snapshot, SnapshotSpec,
    SshKey, SshKeySpec, Volume, VolumeSpec,
};

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Wanted {
    Machine(Box<MachineSpec>),
    Volume(VolumeSpec),
    Snapshot(SnapshotSpec),
    SshKey(SshKeySpec),
    DnsRecord(RecordSpec),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Made {
    Machine(Box<Machine>),
    Volume(Box<Volume>),
    Snapshot(Box<Snapshot>),
    SshKey(Box<SshKey>),
    DnsRecord(Box<DnsRecord>),
}

impl Wanted {
    pub(crate) fn kind(&self) -> ResourceKind {
        match self {
            Self::Machine(_) => ResourceKind::Machine,
            Self::Volume(_) => ResourceKind::Volume,
            Self::Snapshot(_) => ResourceKind::Snapshot,
            Self::SshKey(_) => ResourceKind::SshKey,
            Self::DnsRecord(_) => ResourceKind::DnsRecord,
        }
    }

    /// What it is called in the ledger. Of things that carry no markers this is all by which they are found again, and tells
    /// them from any others.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Machine(spec) => spec.name.to_string(),
            Self::Volume(spec) => spec.name.to_string(),
            Self::Snapshot(spec) => spec.name.clone(),
            Self::SshKey(spec) => key_name(&spec.name, &spec.public_key),
            Self::DnsRecord(spec) => record_name(&spec.domain, &spec.name, &spec.kind, &spec.value),
        }
    }
}

impl Made {
    pub(crate) fn kind(&self) -> ResourceKind {
        match self {
            Self::Machine(_) => ResourceKind::Machine,
            Self::Volume(_) => ResourceKind::Volume,
            Self::Snapshot(_) => ResourceKind::Snapshot,
            Self::SshKey(_) => ResourceKind::SshKey,
            Self::DnsRecord(_) => ResourceKind::DnsRecord,
        }
    }

    /// Its id, as the ledger has it.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Machine(machine) => machine.id.to_string(),
            Self::Volume(volume) => volume.id.to_string(),
            Self::Snapshot(snapshot) => snapshot.id.to_string(),
            Self::SshKey(key) => key.id.to_string(),
            Self::DnsRecord(record) => record_id(&record.domain, record.id.as_str()),
        }
    }

    /// The error where something else was made than was asked for, which nothing but a fault of ours brings about.
    pub(crate) fn unexpected(&self) -> Error {
        let what = format!("a {} was made in place of something else", self.kind().as_str());
        Error::new(ErrorKind::Protocol, what)
    }

    pub(crate) fn into_machine(self) -> Result<Machine> {
        match self {
            Self::Machine(machine) => Ok(*machine),
            other => Err(other.unexpected()),
        }
    }

    pub(crate) fn into_volume(self) -> Result<Volume> {
        match self {
            Self::Volume(volume) => Ok(*volume),
            other => Err(other.unexpected()),
        }
    }
}

/// Whether things of this kind carry our markers. Of those that do not, nobody but the ledger knows that they are ours.
pub(crate) fn carries_markers(kind: ResourceKind) -> bool {
    matches!(kind, ResourceKind::Machine | ResourceKind::Volume | ResourceKind::Snapshot)
}

/// A registered key as the ledger names it: its name and the end of the key itself, without its comment.
pub(crate) fn key_name(name: &str, public_key: &str) -> String {
    let key = public_key.split_whitespace().nth(1).unwrap_or(public_key);
    let end = key.char_indices().rev().nth(KEY_END - 1).map_or(0, |(at, _)| at);
    format!("{name} …{}", &key[end..])
}

/// How much of a key its name in the ledger shows, in characters of six bits.
const KEY_END: usize = 16;

/// A DNS record as the ledger names it: `example.com/www A 192.0.2.1`.
pub(crate) fn record_name(domain: &str, name: &str, kind: &str, value: &str) -> String {
    let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
    // The domain itself is an empty name here, and `@` elsewhere.
    let name = if name == "@" { "" } else { name };
    let value = match kind {
        "CNAME" | "MX" | "NS" | "SRV" => plain(value),
        _ => value.to_owned(),
    };
    format!("{}/{} {kind} {value}", plain(domain), plain(name))
}

/// A DNS record's id as the ledger has it: a cloud's own is one within its domain.
pub(crate) fn record_id(domain: &str, id: &str) -> String {
    format!("{}/{id}", domain.trim_end_matches('.').to_ascii_lowercase())
}

/// The domain and the rest of a record's name or id.
///
/// # Errors
/// [`ErrorKind::Ledger`] for a text of another shape.
pub(crate) fn in_domain(text: &str) -> Result<(&str, &str)> {
    text.split_once('/').ok_or_else(|| {
        Error::new(ErrorKind::Ledger, format!("the ledger names a DNS record `{text}`, without its domain"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_they_name_from_anything_else() {
        assert_eq!(
            key_name("laptop", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabcdefghij me@here"),
            "laptop …5AAAAIabcdefghij"
        );
        assert_eq!(key_name("short", "ssh-ed25519 AAAA"), "short …AAAA");
        assert_eq!(key_name("none", ""), "none …");
        assert_eq!(record_name("Example.com.", "www", "A", "192.0.2.1"), "example.com/www A 192.0.2.1");
        assert_eq!(record_name("example.com", "@", "MX", "Mail.example.com."), "example.com/ MX mail.example.com");
        assert_eq!(in_domain(&record_id("example.com.", "7")).unwrap(), ("example.com", "7"));
        assert!(in_domain("7").is_err());
    }
}
