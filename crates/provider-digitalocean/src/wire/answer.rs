//! The bodies of answers. What may be missing is optional, what is not known is ignored, and nothing that the cloud invents
//! makes a list fail.

use serde::Deserialize;

/// Where a list goes on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Links {
    #[serde(default)]
    pub(crate) pages: Option<Pages>,
    #[serde(default)]
    pub(crate) actions: Option<Vec<ActionLink>>,
}

/// The other pages of a list, by URL. Only whether there is one counts: a URL may lead to another host.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Pages {
    #[serde(default)]
    pub(crate) next: Option<String>,
}

/// An action that a request began.
#[derive(Debug, Deserialize)]
pub(crate) struct ActionLink {
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) rel: Option<String>,
}

/// What is told of a list as a whole.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    pub(crate) total: Option<usize>,
}

/// A page of a list. What is on it stands under a name of its own in each list.
#[derive(Debug, Deserialize)]
pub(crate) struct ListPage<T> {
    #[serde(
        alias = "domain_records",
        alias = "domains",
        alias = "droplets",
        alias = "images",
        alias = "projects",
        alias = "regions",
        alias = "sizes",
        alias = "snapshots",
        alias = "ssh_keys",
        alias = "volumes"
    )]
    pub(crate) items: Vec<T>,
    #[serde(default)]
    pub(crate) links: Option<Links>,
    #[serde(default)]
    pub(crate) meta: Option<Meta>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DropletAnswer {
    pub(crate) droplet: Droplet,
    #[serde(default)]
    pub(crate) links: Option<Links>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Droplet {
    pub(crate) id: u64,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) status: Option<String>,
    #[serde(default)]
    pub(crate) locked: Option<bool>,
    #[serde(default)]
    pub(crate) created_at: Option<String>,
    #[serde(default)]
    pub(crate) image: Option<Image>,
    #[serde(default)]
    pub(crate) size: Option<Size>,
    #[serde(default)]
    pub(crate) size_slug: Option<String>,
    #[serde(default)]
    pub(crate) region: Option<Region>,
    #[serde(default)]
    pub(crate) networks: Option<Networks>,
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) volume_ids: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) vpc_uuid: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Networks {
    #[serde(default)]
    pub(crate) v4: Option<Vec<NetworkAddress>>,
    #[serde(default)]
    pub(crate) v6: Option<Vec<NetworkAddress>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct NetworkAddress {
    #[serde(default)]
    pub(crate) ip_address: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Region {
    #[serde(default)]
    pub(crate) slug: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) available: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Size {
    #[serde(default)]
    pub(crate) slug: Option<String>,
    #[serde(default)]
    pub(crate) memory: Option<u64>,
    #[serde(default)]
    pub(crate) vcpus: Option<u32>,
    #[serde(default)]
    pub(crate) disk: Option<u64>,
    #[serde(default)]
    pub(crate) price_hourly: Option<f64>,
    #[serde(default)]
    pub(crate) price_monthly: Option<f64>,
    #[serde(default)]
    pub(crate) regions: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) available: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Image {
    #[serde(default)]
    pub(crate) id: Option<u64>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) distribution: Option<String>,
    #[serde(default)]
    pub(crate) slug: Option<String>,
    #[serde(default)]
    pub(crate) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ActionAnswer {
    pub(crate) action: Action,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Action {
    pub(crate) id: u64,
    #[serde(default)]
    pub(crate) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct VolumeAnswer {
    pub(crate) volume: Volume,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) size_gigabytes: Option<u64>,
    #[serde(default)]
    pub(crate) region: Option<Region>,
    #[serde(default)]
    pub(crate) droplet_ids: Option<Vec<u64>>,
    #[serde(default)]
    pub(crate) created_at: Option<String>,
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
}

/// A snapshot, whose id is a number in the list of one droplet and a string in the list of all.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) id: NumberOrText,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) created_at: Option<String>,
    #[serde(default)]
    pub(crate) size_gigabytes: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum NumberOrText {
    Number(u64),
    Text(String),
}

impl NumberOrText {
    /// As it is written in a path.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct KeyAnswer {
    pub(crate) ssh_key: RegisteredKey,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RegisteredKey {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) public_key: String,
    #[serde(default)]
    pub(crate) fingerprint: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Domain {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RecordAnswer {
    pub(crate) domain_record: Record,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: u64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) data: Option<String>,
    #[serde(default)]
    pub(crate) ttl: Option<u32>,
    #[serde(default)]
    pub(crate) port: Option<u16>,
    #[serde(default)]
    pub(crate) weight: Option<u16>,
    #[serde(default)]
    pub(crate) flags: Option<u8>,
    #[serde(default)]
    pub(crate) tag: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What became of an assignment; it fails in the body of a good answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Assigned {
    #[serde(default)]
    pub(crate) resources: Option<Vec<AssignedResource>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AssignedResource {
    #[serde(default)]
    pub(crate) status: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AccountAnswer {
    pub(crate) account: Account,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) uuid: String,
    #[serde(default)]
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) team: Option<Team>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Team {
    #[serde(default)]
    pub(crate) uuid: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
}
