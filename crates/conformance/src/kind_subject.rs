//! A kind of provider as what is tested.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;

use machine_core::{
    Clock, CloudProvider, Environment, Error, ErrorKind, IntentId, OpenContext, Opened, OwnerId, OwnerSource,
    ProviderKind, Result,
};
use serde::Deserialize as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::Subject;

/// In place of a credential: as long as many are, and nobody's.
const NOBODYS: &str = "conformance0000000000000000000000000000000000000000000000000000";

/// A kind of provider as what is tested: one account of it, opened as a program opens it, with a state directory that goes
/// when this goes. Keys that the configuration leaves out come from the kind's environment variables.
#[derive(Debug)]
pub struct KindSubject<K> {
    config: Value,
    state: std::io::Result<TempDir>,
    environment: Environment,
    /// The same for every client, as the state directory is.
    owner: OwnerId,
    /// Cases that cannot be tried here, and why.
    untried: Vec<(&'static [&'static str], String)>,
    kind: PhantomData<fn() -> K>,
}

impl<K: ProviderKind> KindSubject<K> {
    /// The account that the section `config` of a configuration leads to.
    pub fn new(config: Value) -> Self {
        let environment = Environment::of_this_process();
        let mut config = config;
        if let Value::Object(keys) = &mut config {
            for setting in K::ENVIRONMENT {
                if let (false, Some(value)) = (keys.contains_key(setting.key), environment.get(setting.name)) {
                    keys.insert(setting.key.to_owned(), Value::from(value.to_string_lossy()));
                }
            }
        }
        // An intent's id is as good a random word as any.
        let owner = OwnerId::new(format!("conformance-{}", IntentId::mint()));
        Self { config, state: tempfile::tempdir(), environment, owner, untried: Vec::new(), kind: PhantomData }
    }

    /// Leaves out `cases` where the provider's own report of this computer tells why they cannot be tried here.
    #[must_use]
    pub fn unless(
        mut self,
        why: impl FnOnce(&machine_core::Report) -> Option<String>,
        cases: &'static [&'static str],
    ) -> Self {
        // One that cannot be opened fails every case, and says so there.
        let housekeeping = self.opened(&self.config).ok().and_then(|opened| opened.housekeeping);
        if let Some(why) = housekeeping.and_then(|housekeeping| why(&housekeeping.report())) {
            self.untried.push((cases, why));
        }
        self
    }

    fn opened(&self, config: &Value) -> Result<Opened> {
        let state = self.state.as_ref().map_err(|error| Error::new(ErrorKind::System, error.to_string()))?;
        let config = K::Config::deserialize(config).map_err(|error| {
            Error::new(ErrorKind::Config, format!("the section of `{}` cannot be read: {error}", K::INFO.kind))
        })?;
        let program = std::env::current_exe().map_err(|error| Error::io("this program's path is not known", error))?;
        let state_dir: PathBuf = state.path().join(K::INFO.kind);
        let context = OpenContext {
            state_dir,
            program,
            environment: self.environment.clone(),
            clock: Clock::system(),
            owner: OwnerSource::known(self.owner.clone()),
        };
        K::open(config, &context)
    }

    /// The keys whose values are secret, by their schema.
    fn secret_keys() -> Vec<String> {
        let schema = schemars::schema_for!(K::Config);
        let keys = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        keys.filter(|(_, key)| is_secret(key)).map(|(name, _)| name.clone()).collect()
    }
}

/// Whether a schema is that of a secret, which may be missing.
fn is_secret(schema: &Value) -> bool {
    schema["writeOnly"] == true || schema["anyOf"].as_array().is_some_and(|any| any.iter().any(is_secret))
}

impl<K: ProviderKind> Subject for KindSubject<K> {
    fn open(&self) -> Result<Arc<dyn CloudProvider>> {
        Ok(self.opened(&self.config)?.provider)
    }

    fn open_with_bad_credential(&self) -> Option<Result<Arc<dyn CloudProvider>>> {
        let keys = Self::secret_keys();
        let mut config = self.config.clone();
        for key in &keys {
            config[key.as_str()] = Value::from(NOBODYS);
        }
        (!keys.is_empty()).then(|| Ok(self.opened(&config)?.provider))
    }

    fn surroundings_lack(&self, case: &str) -> Option<String> {
        self.untried.iter().find(|(cases, _)| cases.contains(&case)).map(|(_, why)| why.clone())
    }

    fn secrets(&self) -> Vec<String> {
        let secret = |key: String| self.config[key.as_str()].as_str().map(str::to_owned);
        Self::secret_keys().into_iter().filter_map(secret).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Section {
        token: Option<machine_core::Secret>,
        other: machine_core::Secret,
        region: String,
    }

    #[test]
    fn secrets_are_known_by_their_schema() {
        let schema = schemars::schema_for!(Section);
        let secret = |key: &str| is_secret(&schema.get("properties").unwrap()[key]);
        assert!(secret("token") && secret("other") && !secret("region"));
    }
}
