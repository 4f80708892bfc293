//! `vultr` as a kind of provider: its section of the configuration, and how it is opened.

use std::path::PathBuf;

use machine_core::{EnvSetting, Error, ErrorKind, OpenContext, Opened, ProviderInfo, ProviderKind, Result, Secret};
use machine_ssh::SshSection;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::{VultrConfig, VultrProvider};

/// The host of the API itself, at which every path begins with the version.
const HOST: &str = "api.vultr.com";

/// Machines at Vultr, as a kind of provider.
#[derive(Debug, Clone, Copy)]
pub struct VultrKind;

/// Settings of machines at Vultr.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct VultrSection {
    /// The account's key, from its settings under API.
    pub api_key: Option<Secret>,
    /// The registered ssh key that new machines let in, by name or id, or a list of them.
    pub ssh_key: Option<OneOrMore>,
    /// The domain in which new machines are given a name.
    pub dns_zone: Option<String>,
    /// The plan of new machines: `vc2-1c-1gb` otherwise.
    pub machine_size: Option<String>,
    /// What new machines are made from: a name such as `debian-12`, which is the default, or the number of an operating system.
    pub image: Option<String>,
    /// Where new machines are: `ewr` otherwise.
    pub region: Option<String>,
    /// Accepted and without effect: Vultr has no projects.
    pub project: Option<String>,
    /// Where the API is: `https://api.vultr.com/v2` otherwise.
    pub api_url: Option<String>,
    /// A file of certificates (PEM) to trust besides those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whether to keep to ten requests in a second: yes otherwise. An end point of one's own may take more.
    pub rate_limit: Option<bool>,
    /// How machines are reached for commands, logs and copies.
    #[serde(flatten)]
    pub ssh: SshSection,
}

/// One text, or a list of them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// A list.
    More(Vec<String>),
}

impl From<OneOrMore> for Vec<String> {
    fn from(texts: OneOrMore) -> Self {
        match texts {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        }
    }
}

impl ProviderKind for VultrKind {
    type Config = VultrSection;

    const INFO: ProviderInfo =
        ProviderInfo { kind: crate::KIND, title: "Vultr", documentation: "https://docs.vultr.com/" };

    const ENVIRONMENT: &'static [EnvSetting] = &[
        EnvSetting { name: "VULTR_API_KEY", key: "api-key" },
        EnvSetting { name: "VULTR_API_URL", key: "api-url" },
        EnvSetting { name: "VULTR_SSH_PORT", key: "ssh-port" },
    ];

    fn open(section: VultrSection, context: &OpenContext) -> Result<Opened> {
        let key = section.api_key.filter(|key| !key.expose().trim().is_empty()).ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "there is no API key for Vultr")
                .with_hint("set VULTR_API_KEY, or `api-key` in the section `vultr:`; the account's settings have it")
        })?;
        let keys = section.ssh_key.map(Vec::from);
        if keys.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::new(ErrorKind::Config, "it is a list without any key")
                .with_context("setting", "ssh-key")
                .with_hint("name one, or leave the setting out: `machine ssh` gets in without"));
        }
        let defaults = VultrConfig::new(Secret::new(key.expose().trim()));
        VultrProvider::open(VultrConfig {
            api_url: section.api_url.map_or(defaults.api_url, |url| versioned(&url)),
            ca_file: section.ca_file,
            rate_limit: section.rate_limit.unwrap_or(true),
            ssh_keys: keys.unwrap_or_default(),
            size: section.machine_size.unwrap_or(defaults.size),
            image: section.image.unwrap_or(defaults.image),
            region: section.region.unwrap_or(defaults.region),
            ssh: Some(section.ssh.config(context)?),
            clock: context.clock.clone(),
            ..defaults
        })
        .map(Opened::new)
    }
}

/// The address with the version where it is the API itself and lacks it. Any other address is somebody's own, and they know
/// what it is to be.
fn versioned(url: &str) -> String {
    let bare = Url::parse(url).is_ok_and(|url| url.host_str() == Some(HOST) && matches!(url.path(), "" | "/"));
    if bare { format!("{}/v2", url.trim_end_matches('/')) } else { url.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_added_to_the_api_itself_only() {
        for (given, taken) in [
            ("https://api.vultr.com", "https://api.vultr.com/v2"),
            ("https://api.vultr.com/", "https://api.vultr.com/v2"),
            ("https://api.vultr.com/v2/", "https://api.vultr.com/v2/"),
            ("http://127.0.0.1:4012", "http://127.0.0.1:4012"),
            ("http://127.0.0.1:4012/vultr/v2", "http://127.0.0.1:4012/vultr/v2"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(versioned(given), taken);
        }
    }

    #[test]
    fn keys_are_one_or_a_list() {
        let keys = |text: &str| serde_json::from_str::<VultrSection>(text).unwrap().ssh_key.map(Vec::from);
        assert_eq!(keys(r#"{"ssh-key":"me"}"#).unwrap(), ["me"]);
        assert_eq!(keys(r#"{"ssh-key":["me","you"]}"#).unwrap(), ["me", "you"]);
        assert!(keys("{}").is_none());
    }

    #[test]
    fn the_key_is_never_shown() {
        let section: VultrSection = serde_json::from_str(r#"{"api-key":"hunter2"}"#).unwrap();
        assert!(!format!("{section:?}").contains("hunter2"));
        assert!(!format!("{:?}", VultrConfig::new(Secret::new("hunter2"))).contains("hunter2"));
    }
}
