//! `local` as a kind of provider: its section of the configuration, and how it is opened.

use machine_core::{EnvSetting, Error, ErrorKind, OpenContext, Opened, ProviderInfo, ProviderKind, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{ConfigMount, Isolation, LocalConfig, LocalProvider, MountText};

/// What this provider is.
pub(crate) static INFO: ProviderInfo = LocalKind::INFO;

/// Machines on this computer, as a kind of provider.
#[derive(Debug, Clone, Copy)]
pub struct LocalKind;

/// Settings of machines on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LocalSection {
    /// How machines are kept apart from this computer: `auto`, `namespaces` or `process`.
    pub isolation: Isolation,
    /// Directories and files to show in every machine, written as after `--mount`: `SRC[:DST][:rw]`.
    pub mounts: Vec<String>,
}

impl ProviderKind for LocalKind {
    type Config = LocalSection;

    const INFO: ProviderInfo = ProviderInfo {
        kind: crate::KIND,
        title: "this computer",
        documentation: "https://github.com/machine-rs/machine#machines-on-this-computer",
    };

    const ENVIRONMENT: &'static [EnvSetting] = &[];

    fn open(section: LocalSection, context: &OpenContext) -> Result<Opened> {
        let home = context.environment.home();
        let mount = |text: &String| {
            let mount = MountText::from(text.clone()).resolve(home.as_deref()).map_err(|error| {
                let hint = error.hint().unwrap_or_default().to_owned();
                Error::new(ErrorKind::Config, error.to_string()).with_context("setting", "mounts").with_hint(hint)
            })?;
            Ok(ConfigMount::from(mount))
        };
        let config = LocalConfig {
            state: Some(context.state_dir.clone()),
            helper: Some(context.program.clone()),
            isolation: section.isolation,
            mounts: section.mounts.iter().map(mount).collect::<Result<_>>()?,
        };
        LocalProvider::open_in(config, context.environment.clone()).map(Opened::with_housekeeping)
    }
}
