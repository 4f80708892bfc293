//! Kinds of providers: what a program has to know of one before there is an account, so that a new cloud is one crate and
//! one line.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Clock, CloudProvider, Environment, OwnerSource, ProviderInfo, Result};

/// A kind of provider: its names, what can be configured, and how one is opened.
///
/// Implement it on a type that stands for the kind (`struct Hetzner;`) and hand it to the program's registry. The program
/// reads the section of the configuration, fills in what the environment has, opens the provider, and knows the kind in
/// everything that it prints: help, schema, checks, errors.
pub trait ProviderKind: 'static {
    /// What may stand in this kind's section of the configuration. Every key is optional, or can come from
    /// [`ENVIRONMENT`](Self::ENVIRONMENT): a section may be missing altogether. Secrets are of type [`Secret`](crate::Secret).
    /// Keys are written in kebab-case; a key that the type does not know is told to the user by whoever reads the section,
    /// so `deny_unknown_fields` is not needed.
    type Config: DeserializeOwned + JsonSchema;

    /// Which kind this is. Its `kind` is the section's name.
    const INFO: ProviderInfo;

    /// Other names for the kind, on the command line and as a section.
    const ALIASES: &'static [&'static str] = &[];

    /// The environment variables that stand in for keys which the section does not have. The first that is set counts.
    const ENVIRONMENT: &'static [EnvSetting];

    /// Opens the provider of one account. Checks the configuration and makes no request: a credential is proved by
    /// [`account`](CloudProvider::account).
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for a setting that cannot be right, [`Unauthenticated`](crate::ErrorKind::Unauthenticated)
    /// for a credential that is missing.
    fn open(config: Self::Config, context: &OpenContext) -> Result<Opened>;
}

/// An environment variable that stands in for a key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvSetting {
    /// The variable's name.
    pub name: &'static str,
    /// The key that it stands in for.
    pub key: &'static str,
}

/// What a provider is given besides its configuration.
#[derive(Debug, Clone)]
pub struct OpenContext {
    /// A directory on this computer that is the provider's own, absolute. It may not be there yet; a provider that keeps
    /// nothing on this computer never makes it.
    pub state_dir: PathBuf,
    /// The program that runs, absolute: what a provider starts again where it needs a process of its own.
    pub program: PathBuf,
    /// The environment of the program.
    pub environment: Environment,
    /// The program's time of day.
    pub clock: Clock,
    /// Who makes what the program makes, for a provider that has to know it before there is an intent.
    pub owner: OwnerSource,
}

/// A provider that was opened, and what goes with it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The provider, without layers: the caller puts them around it.
    pub provider: Arc<dyn CloudProvider>,
    /// What it keeps on this computer, where it keeps something.
    pub housekeeping: Option<Arc<dyn Housekeeping>>,
}

impl Opened {
    /// A provider that keeps nothing on this computer.
    pub fn new(provider: impl CloudProvider) -> Self {
        Self { provider: Arc::new(provider), housekeeping: None }
    }

    /// A provider that keeps things on this computer, which it can look after itself.
    pub fn with_housekeeping(provider: impl CloudProvider + Housekeeping) -> Self {
        let provider = Arc::new(provider);
        let housekeeping = Arc::clone(&provider);
        Self { provider, housekeeping: Some(housekeeping) }
    }
}

/// What a provider keeps on this computer beside its machines, and how it is looked after.
#[async_trait]
pub trait Housekeeping: Debug + Send + Sync + 'static {
    /// What it finds on this computer: what it can rely on, what is missing. May take a moment to try things.
    fn report(&self) -> Report;

    /// Removes what no machine, volume or intent speaks of any more, such as files of a create that was killed. With
    /// `dry_run`, only tells. One sentence for each thing.
    async fn tidy(&self, dry_run: bool) -> Result<Vec<String>>;
}

/// What a provider finds on this computer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// For a person: a key of one word, and a value in words.
    pub facts: Vec<(&'static str, String)>,
    /// What a person should mend, one sentence each.
    pub problems: Vec<String>,
    /// For a program. Its shape is the provider's.
    pub details: serde_json::Value,
}
