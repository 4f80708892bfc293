//! The account, snapshots, ssh keys, domains and their records.

use serde::{Deserialize, Serialize};

use super::listing::Wrapped;
use super::number::{or_default, whole};

/// The answer about the account.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountAnswer {
    pub(crate) account: Account,
}

/// The account, which has no id but its address.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) email: String,
}

/// A request for a snapshot.
#[derive(Debug, Serialize)]
pub(crate) struct CreateSnapshot<'a> {
    pub(crate) instance_id: &'a str,
    pub(crate) description: String,
}

/// A snapshot.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) description: String,
    /// In bytes.
    #[serde(default, deserialize_with = "whole")]
    pub(crate) size: u64,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) date_created: String,
}

/// A request to register an ssh key.
#[derive(Debug, Serialize)]
pub(crate) struct CreateKey<'a> {
    pub(crate) name: &'a str,
    pub(crate) ssh_key: &'a str,
}

/// A registered ssh key.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Key {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, rename = "ssh_key", deserialize_with = "or_default")]
    pub(crate) line: String,
}

/// A domain.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Domain {
    pub(crate) domain: String,
}

/// A request for a DNS record.
#[derive(Debug, Serialize)]
pub(crate) struct CreateRecord<'a> {
    pub(crate) name: &'a str,
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    pub(crate) data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<u16>,
}

/// A DNS record.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) data: String,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) ttl: u64,
}

impl Wrapped for Snapshot {
    const ONE: &'static str = "snapshot";
    const MANY: &'static str = "snapshots";

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Wrapped for Key {
    const ONE: &'static str = "ssh_key";
    const MANY: &'static str = "ssh_keys";

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Wrapped for Domain {
    const ONE: &'static str = "domain";
    const MANY: &'static str = "domains";

    fn key(&self) -> String {
        self.domain.clone()
    }
}

impl Wrapped for Record {
    const ONE: &'static str = "record";
    const MANY: &'static str = "records";

    fn key(&self) -> String {
        self.id.clone()
    }
}
