//! `fly` as a kind of provider: its section of the configuration, and how it is opened.

use std::path::PathBuf;

use machine_core::{
    EnvSetting, Error, ErrorKind, OpenContext, Opened, ProviderInfo, ProviderKind, Result, Secret, SizeRequest,
};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::convert::Defaults;
use crate::fly::{Fly, Settings};
use crate::prices::{PriceList, Prices};
use crate::provider::FlyProvider;
use crate::{images, sizes};

/// What this provider is.
pub(crate) static INFO: ProviderInfo = FlyKind::INFO;

/// The Machines API.
const API: &str = "https://api.machines.dev/v1";
/// The API that has the logs.
const LOGS: &str = "https://api.fly.io";

/// Fly.io, as a kind of provider.
#[derive(Debug, Clone, Copy)]
pub struct FlyKind;

/// Settings of one account at Fly.io.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct FlySection {
    /// The token, as `fly tokens create org` prints it.
    pub access_token: Option<Secret>,
    /// The organization whose bill it is.
    pub org: String,
    /// The app that the machines belong to; made with the first of them. `machine-` and the owner's id otherwise.
    pub app: Option<String>,
    /// The image of machines for which none is named.
    pub image: String,
    /// Where machines are for which nothing else is said; several with commas between, in order of preference.
    pub region: Option<String>,
    /// The size of machines for which none is named.
    pub machine_size: String,
    /// Where the Machines API is, with or without its version `/v1`.
    pub api_url: String,
    /// Where the API is that has the logs.
    pub logs_url: String,
    /// A file of certificates (PEM) to trust besides those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whether to keep to the rates that Fly allows; `false` for a private end point without them.
    pub rate_limit: bool,
    /// What Fly charges, where that is not what its price list said when this was built.
    pub prices: PriceList,
}

impl Default for FlySection {
    fn default() -> Self {
        Self {
            access_token: None,
            org: "personal".to_owned(),
            app: None,
            image: images::DEFAULT.to_owned(),
            region: None,
            machine_size: sizes::DEFAULT.to_owned(),
            api_url: API.to_owned(),
            logs_url: LOGS.to_owned(),
            ca_file: None,
            rate_limit: true,
            prices: PriceList::default(),
        }
    }
}

impl ProviderKind for FlyKind {
    type Config = FlySection;

    const INFO: ProviderInfo =
        ProviderInfo { kind: crate::KIND, title: "Fly.io", documentation: "https://fly.io/docs/machines" };

    const ALIASES: &'static [&'static str] = &["fly-io", "flyio"];

    const ENVIRONMENT: &'static [EnvSetting] = &[
        EnvSetting { name: "FLY_API_TOKEN", key: "access-token" },
        EnvSetting { name: "FLY_ACCESS_TOKEN", key: "access-token" },
        EnvSetting { name: "FLY_FLAPS_BASE_URL", key: "api-url" },
        EnvSetting { name: "FLY_API_BASE_URL", key: "logs-url" },
    ];

    fn open(section: FlySection, context: &OpenContext) -> Result<Opened> {
        let token = section.access_token.as_ref().map(bare).filter(|token| !token.expose().is_empty());
        let token = token.ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "there is no token for Fly.io")
                .with_hint("set FLY_API_TOKEN to what `fly tokens create org` prints, or write `access-token:` in the section `fly:`")
        })?;
        let setting = |name: &'static str| {
            move |error: Error| {
                let hint = error.hint().unwrap_or_default().to_owned();
                Error::new(ErrorKind::Config, error.to_string()).with_context("setting", name).with_hint(hint)
            }
        };
        images::resolve(&section.image).map_err(setting("image"))?;
        sizes::guest(&SizeRequest::Named(section.machine_size.clone()), sizes::DEFAULT)
            .map_err(setting("machine-size"))?;
        let prices = Prices::corrected(&section.prices)?;
        let app = section.app.filter(|app| !app.is_empty());
        app.as_deref().map_or(Ok(()), crate::app::check_name).map_err(setting("app"))?;
        let fly = Fly::new(Settings {
            token,
            api_url: with_version(&section.api_url),
            logs_url: section.logs_url,
            ca_file: section.ca_file,
            rate_limit: section.rate_limit,
            org: section.org,
            app,
            owner: context.owner.clone(),
            defaults: Defaults { image: section.image, region: section.region, size: section.machine_size, prices },
            state_dir: context.state_dir.clone(),
            clock: context.clock.clone(),
        })?;
        Ok(Opened::new(FlyProvider::new(fly)))
    }
}

/// The token without the scheme that `fly tokens` prints before it: one scheme goes for every kind of token.
fn bare(token: &Secret) -> Secret {
    let text = token.expose().trim();
    let bare = ["FlyV1 ", "Bearer "].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    Secret::new(bare.trim())
}

/// The URL with its version: `flyctl` and its variable name the host alone, other clients write the version behind it.
fn with_version(url: &str) -> String {
    let bare = url.trim_end_matches('/');
    match Url::parse(url) {
        Ok(parsed) if !parsed.cannot_be_a_base() && !bare.ends_with("/v1") => format!("{bare}/v1"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use machine_core::{Clock, Environment, OwnerId, OwnerSource};

    use super::*;

    fn opened(section: FlySection) -> Result<Opened> {
        FlyKind::open(
            section,
            &OpenContext {
                state_dir: "/nowhere".into(),
                program: "/nowhere".into(),
                environment: Environment::default(),
                clock: Clock::system(),
                owner: OwnerSource::known(OwnerId::new("me")),
            },
        )
    }

    fn section() -> FlySection {
        FlySection { access_token: Some(Secret::new("hunter2")), ..FlySection::default() }
    }

    #[test]
    fn a_url_without_a_version_gets_it() {
        for (given, meant) in [
            ("https://api.machines.dev", "https://api.machines.dev/v1"),
            ("https://api.machines.dev/", "https://api.machines.dev/v1"),
            ("https://api.machines.dev/v1", "https://api.machines.dev/v1"),
            ("http://127.0.0.1:4011", "http://127.0.0.1:4011/v1"),
            ("http://127.0.0.1:4011/fly/", "http://127.0.0.1:4011/fly/v1"),
            ("http://127.0.0.1:4011/v1/", "http://127.0.0.1:4011/v1/"),
            ("http://_api.internal:4280/v1", "http://_api.internal:4280/v1"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(with_version(given), meant);
        }
    }

    #[test]
    fn a_token_is_taken_with_and_without_its_scheme() {
        for text in ["fm2_x", "FlyV1 fm2_x", " Bearer fm2_x\n"] {
            assert_eq!(bare(&Secret::new(text)).expose(), "fm2_x", "{text:?}");
        }
    }

    #[test]
    fn settings_that_cannot_be_are_told_with_their_key() {
        assert!(opened(section()).is_ok());
        assert_eq!(opened(FlySection::default()).unwrap_err().kind(), ErrorKind::Unauthenticated);
        for (key, section) in [
            ("image", FlySection { image: "debain-12".to_owned(), ..section() }),
            ("machine-size", FlySection { machine_size: "tiny".to_owned(), ..section() }),
            ("app", FlySection { app: Some("Not An App".to_owned()), ..section() }),
            ("api-url", FlySection { api_url: "nonsense".to_owned(), ..section() }),
            ("logs-url", FlySection { logs_url: "ftp://x".to_owned(), ..section() }),
            (
                "prices.memory-gib",
                FlySection { prices: PriceList { memory_gib: Some(-1.0), ..PriceList::default() }, ..section() },
            ),
        ] {
            let error = opened(section).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{key}");
            assert!(error.context().contains(&("setting", key.to_owned())), "{key}: {error:?}");
        }
        assert!(!format!("{:?}", opened(section()).unwrap()).contains("hunter2"));
    }
}
