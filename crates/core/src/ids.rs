//! Typed ids, so that a volume's id cannot be handed to a call that wants a machine's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{Error, ErrorKind};

macro_rules! string_id {
    ($(#[$doc:meta] $name:ident;)+) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the id as the provider wrote it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as the provider wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

string_id! {
    /// A machine's id, in the provider's own spelling (Fly: 14 hex digits; DigitalOcean: a number; Vultr: a UUID).
    MachineId;
    /// A volume's id, in the provider's own spelling.
    VolumeId;
    /// A snapshot's id, in the provider's own spelling.
    SnapshotId;
    /// A registered ssh key's id, in the provider's own spelling.
    SshKeyId;
    /// A DNS record's id, in the provider's own spelling.
    RecordId;
    /// The account whose bill it is, in the provider's own spelling.
    AccountId;
    /// The identity of a ledger: a random id in its state directory, written on every machine that it made.
    OwnerId;
}

/// The id of a recorded wish: a ULID, so that intents sort by the time at which they were minted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(Ulid);

impl IntentId {
    /// The id of no intent that was ever minted.
    pub(crate) const NOBODYS: Self = Self(Ulid::nil());

    /// Mints a new one.
    pub fn mint() -> Self {
        Self(Ulid::generate())
    }
}

impl fmt::Display for IntentId {
    /// 26 lower-case characters: every provider's tags and names take them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string().to_ascii_lowercase())
    }
}

impl fmt::Debug for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IntentId({self})")
    }
}

impl FromStr for IntentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ulid::from_string(text)
            .map(Self)
            .map_err(|_| Error::new(ErrorKind::Invalid, format!("`{text}` is not an intent id (26 characters)")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_id_reads_back_from_what_it_prints() {
        let id = IntentId::mint();
        assert_eq!(id.to_string().len(), 26);
        assert_eq!(id.to_string().parse::<IntentId>().unwrap(), id);
        assert!("not-an-id".parse::<IntentId>().is_err());
    }
}
