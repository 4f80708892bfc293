//! DigitalOcean as a kind of provider: its section of the configuration, and how it is opened.

use std::path::PathBuf;

use machine_core::{EnvSetting, Error, ErrorKind, OpenContext, Opened, ProviderInfo, ProviderKind, Result, Secret};
use machine_ssh::SshSection;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::DigitalOceanProvider;

/// The kind's name.
pub(crate) const KIND: &str = "digitalocean";

/// What this provider is.
pub(crate) static INFO: ProviderInfo = DigitalOceanKind::INFO;

/// DigitalOcean, as a kind of provider.
#[derive(Debug, Clone, Copy)]
pub struct DigitalOceanKind;

/// An account at DigitalOcean.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DigitalOceanSection {
    /// The token of the account.
    pub access_token: Option<Secret>,
    /// The registered ssh keys that a machine gets where none are asked for: a name, or a list of names.
    pub ssh_key: Option<Keys>,
    /// The domain in which DNS records are made where none is named.
    pub dns_zone: Option<String>,
    /// The size of a machine where none is asked for; `s-1vcpu-1gb` otherwise.
    pub machine_size: Option<String>,
    /// The image of a machine where none is asked for; `debian-12-x64` otherwise.
    pub image: Option<String>,
    /// Where a machine is where nothing is asked for; `nyc3` otherwise.
    pub region: Option<String>,
    /// The project that machines are put into; the account's default project otherwise.
    pub project: Option<String>,
    /// Where the API is; `https://api.digitalocean.com/v2` otherwise. `/v2` may be left out.
    pub api_url: Option<String>,
    /// A file of certificates (PEM) to trust besides those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whether requests are held back to what DigitalOcean allows; true otherwise. False for an API of one's own.
    pub rate_limit: Option<bool>,
    /// How machines are reached for commands, logs and copies.
    #[serde(flatten)]
    pub ssh: SshSection,
}

/// Names of registered ssh keys: one, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Keys {
    /// One.
    One(String),
    /// As many as there are.
    Many(Vec<String>),
}

impl Keys {
    /// The names.
    pub fn names(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Many(names) => names,
        }
    }
}

impl ProviderKind for DigitalOceanKind {
    type Config = DigitalOceanSection;

    const INFO: ProviderInfo = ProviderInfo {
        kind: KIND,
        title: "DigitalOcean",
        documentation: "https://docs.digitalocean.com/reference/api/",
    };

    const ALIASES: &'static [&'static str] = &["digital-ocean", "do"];

    const ENVIRONMENT: &'static [EnvSetting] = &[
        EnvSetting { name: "DIGITALOCEAN_ACCESS_TOKEN", key: "access-token" },
        EnvSetting { name: "DIGITALOCEAN_TOKEN", key: "access-token" },
        EnvSetting { name: "DIGITALOCEAN_API_URL", key: "api-url" },
        EnvSetting { name: "DIGITALOCEAN_SSH_PORT", key: "ssh-port" },
    ];

    fn open(section: DigitalOceanSection, context: &OpenContext) -> Result<Opened> {
        let given = section.access_token.filter(|token| !token.expose().trim().is_empty());
        let token = given.ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "there is no token for DigitalOcean")
                .with_provider(KIND)
                .with_hint("make one under API in the control panel, and set DIGITALOCEAN_ACCESS_TOKEN to it, or write it as `access-token`")
        })?;
        let keys = section.ssh_key.map(Keys::names);
        if keys.as_ref().is_some_and(Vec::is_empty) {
            return Err(no_keys());
        }
        let mut builder = DigitalOceanProvider::builder(token)
            .ssh_keys(keys.unwrap_or_default())
            .dns_zone(section.dns_zone)
            .project(section.project)
            .ca_file(section.ca_file)
            .rate_limit(section.rate_limit.unwrap_or(true))
            .clock(context.clock.clone())
            .ssh(section.ssh.config(context)?);
        if let Some(url) = section.api_url {
            builder = builder.api_url(url);
        }
        if let Some(size) = section.machine_size {
            builder = builder.size(size);
        }
        if let Some(image) = section.image {
            builder = builder.image(image);
        }
        if let Some(region) = section.region {
            builder = builder.region(region);
        }
        builder.open().map(Opened::new)
    }
}

/// Of a list of keys without any, which lets nobody in who is meant.
fn no_keys() -> Error {
    Error::new(ErrorKind::Config, "it is a list without any key")
        .with_context("setting", "ssh-key")
        .with_hint("name one, or leave the setting out: `machine ssh` gets in without")
}
