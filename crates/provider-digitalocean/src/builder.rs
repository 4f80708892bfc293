//! How a provider is put together.

use std::path::PathBuf;

use machine_core::{Clock, Error, ErrorKind, Result, Secret};
use machine_http::{Client, Timing};
use machine_ssh::{Ssh, SshConfig};

use crate::api::{Api, rated};
use crate::dialect::DigitalOcean;
use crate::pace::Pace;
use crate::provider::{Defaults, DigitalOceanProvider};

/// Where DigitalOcean's API is.
const API: &str = "https://api.digitalocean.com/v2";

/// Puts a [`DigitalOceanProvider`] together.
#[derive(Debug)]
pub struct DigitalOceanBuilder {
    token: Secret,
    api_url: String,
    ca_file: Option<PathBuf>,
    rate_limit: bool,
    timing: Timing,
    pace: Pace,
    defaults: Defaults,
    ssh: Option<SshConfig>,
    clock: Clock,
}

impl DigitalOceanBuilder {
    pub(crate) fn new(token: Secret) -> Self {
        let defaults = Defaults {
            size: "s-1vcpu-1gb".to_owned(),
            image: "debian-12-x64".to_owned(),
            region: "nyc3".to_owned(),
            ssh_keys: Vec::new(),
            project: None,
            dns_zone: None,
        };
        let (timing, pace) = (Timing::default(), Pace::default());
        let (api_url, clock) = (API.to_owned(), Clock::default());
        Self { token, api_url, ca_file: None, rate_limit: true, timing, pace, defaults, ssh: None, clock }
    }

    /// Where the API is. `/v2` may be left out, and a slash at the end is fine.
    #[must_use]
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = url.into();
        self
    }

    /// A file of certificates (PEM) to trust besides those that the system trusts.
    #[must_use]
    pub fn ca_file(mut self, file: Option<PathBuf>) -> Self {
        self.ca_file = file;
        self
    }

    /// Whether requests are held back to what DigitalOcean allows.
    #[must_use]
    pub fn rate_limit(mut self, limited: bool) -> Self {
        self.rate_limit = limited;
        self
    }

    /// The clock that learns from answers what time it is at the cloud.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How long requests may take.
    #[must_use]
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// How long things may take, and how often is looked.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The size of a machine where none is asked for.
    #[must_use]
    pub fn size(mut self, size: impl Into<String>) -> Self {
        self.defaults.size = size.into();
        self
    }

    /// The image of a machine where none is asked for.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.defaults.image = image.into();
        self
    }

    /// Where a machine or a volume is where nothing is asked for.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.defaults.region = region.into();
        self
    }

    /// The registered ssh keys of a machine where none are asked for.
    #[must_use]
    pub fn ssh_keys(mut self, names: Vec<String>) -> Self {
        self.defaults.ssh_keys = names;
        self
    }

    /// The project that machines are put into.
    #[must_use]
    pub fn project(mut self, name: Option<String>) -> Self {
        self.defaults.project = name;
        self
    }

    /// The domain in which records are made where none is named.
    #[must_use]
    pub fn dns_zone(mut self, domain: Option<String>) -> Self {
        self.defaults.dns_zone = domain;
        self
    }

    /// How machines are reached, which the cloud itself does not do for us. Without it there are no commands and no logs, and
    /// machines get the user data that they are asked for with, and nothing besides.
    #[must_use]
    pub fn ssh(mut self, config: SshConfig) -> Self {
        self.ssh = Some(config);
        self
    }

    /// The provider. Makes no request.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a setting that cannot be right.
    pub fn open(self) -> Result<DigitalOceanProvider> {
        for (setting, value) in
            [("machine-size", &self.defaults.size), ("image", &self.defaults.image), ("region", &self.defaults.region)]
        {
            if value.trim().is_empty() {
                return Err(Error::new(ErrorKind::Config, format!("`{setting}` is empty"))
                    .with_context("setting", setting)
                    .with_hint("name one, or leave the setting out"));
            }
        }
        let client = Client::builder(versioned(&self.api_url), DigitalOcean)
            .token(self.token)
            .ca_file(self.ca_file)
            .timing(self.timing)
            .clock(self.clock);
        let client = if self.rate_limit { rated(client) } else { client };
        Ok(DigitalOceanProvider::new(Api::new(client.build()?), self.defaults, self.pace, self.ssh.map(Ssh::new)))
    }
}

/// The address with the version at its end, where it has no path of its own.
fn versioned(url: &str) -> String {
    let bare = url.trim().trim_end_matches('/');
    match bare.split_once("://") {
        Some((_, rest)) if !rest.is_empty() && !rest.contains('/') => format!("{bare}/v2"),
        _ => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_added_where_there_is_no_path() {
        for (given, used) in [
            ("https://api.digitalocean.com", "https://api.digitalocean.com/v2"),
            ("https://api.digitalocean.com/", "https://api.digitalocean.com/v2"),
            ("https://api.digitalocean.com/v2/", "https://api.digitalocean.com/v2"),
            ("http://127.0.0.1:4010", "http://127.0.0.1:4010/v2"),
            ("http://proxy.test/do/v2", "http://proxy.test/do/v2"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(versioned(given), used);
        }
    }

    #[test]
    fn nothing_that_is_put_together_shows_the_token() {
        let builder = DigitalOceanBuilder::new(Secret::new("hunter2"));
        assert!(!format!("{builder:?}").contains("hunter2"));
        assert!(!format!("{:?}", builder.open().unwrap()).contains("hunter2"));
    }

    #[test]
    fn settings_that_cannot_be_right_are_told() {
        let open = |url: &str| DigitalOceanBuilder::new(Secret::new("t")).api_url(url).open().unwrap_err().kind();
        assert_eq!(open("nonsense"), ErrorKind::Config);
        assert_eq!(open("ftp://x.test"), ErrorKind::Config);
        let empty = DigitalOceanBuilder::new(Secret::new("t")).region(" ").open().unwrap_err();
        assert_eq!(empty.context(), [("setting", "region".to_owned())]);
    }
}
