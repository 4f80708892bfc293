//! The bodies of requests.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};

/// `POST droplets`.
#[derive(Debug, Serialize)]
pub(crate) struct CreateDroplet {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) size: String,
    pub(crate) image: ImageRef,
    pub(crate) ssh_keys: Vec<KeyRef>,
    pub(crate) tags: Vec<String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) backups: bool,
    pub(crate) ipv6: bool,
    pub(crate) monitoring: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vpc_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_data: Option<UserData>,
}

/// A cloud-init document on its way into a request.
#[derive(Clone)]
pub(crate) struct UserData(pub(crate) SecretString);

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserData(..)")
    }
}

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

/// An image: one of the cloud's own by its slug, any other by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum ImageRef {
    Id(u64),
    Slug(String),
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Slug(slug) => f.write_str(slug),
        }
    }
}

/// A key: by its number or its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum KeyRef {
    Id(u64),
    Fingerprint(String),
}

/// `POST droplets/{id}/actions`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DropletAction {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

impl DropletAction {
    /// An action that needs no more than its name.
    pub(crate) fn plain(kind: &'static str) -> Self {
        Self { kind, name: None }
    }

    /// An action that gives a name to something.
    pub(crate) fn named(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: Some(name.into()) }
    }
}

/// `POST volumes`.
#[derive(Debug, Serialize)]
pub(crate) struct CreateVolume {
    pub(crate) name: String,
    pub(crate) size_gigabytes: u64,
    pub(crate) region: String,
    pub(crate) filesystem_type: &'static str,
    pub(crate) tags: Vec<String>,
}

/// `POST volumes/{id}/actions`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct VolumeAction {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) droplet_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size_gigabytes: Option<u64>,
}

/// `POST account/keys`.
#[derive(Debug, Serialize)]
pub(crate) struct CreateKey<'a> {
    pub(crate) name: &'a str,
    pub(crate) public_key: &'a str,
}

/// `POST domains/{domain}/records`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CreateRecord {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) data: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flags: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
}

/// `POST tags`.
#[derive(Debug, Serialize)]
pub(crate) struct CreateTag<'a> {
    pub(crate) name: &'a str,
}

/// `POST` and `DELETE tags/{tag}/resources`.
#[derive(Debug, Serialize)]
pub(crate) struct TagResources {
    resources: [TagResource; 1],
}

#[derive(Debug, Serialize)]
struct TagResource {
    resource_id: String,
    resource_type: &'static str,
}

impl TagResources {
    /// One droplet. Its number is a string here, and here only.
    pub(crate) fn droplet(id: u64) -> Self {
        Self { resources: [TagResource { resource_id: id.to_string(), resource_type: "droplet" }] }
    }
}

/// `POST projects/{id}/resources`.
#[derive(Debug, Serialize)]
pub(crate) struct AssignResources {
    pub(crate) resources: [String; 1],
}
