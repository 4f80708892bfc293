//! From what is written down to jobs that can be run, all of it refused or none before anything is made.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use machine_agent::{BatchItem, JobSpec, Prompt};
use machine_core::{EnvVar, Error, ErrorKind, IntentId, MachineSpec, OsText, Result};
use serde_json::Value;

use super::{Asked, Item};
use crate::app::App;
use crate::setup::Setup;
use crate::{accounts, credentials, job, values};

/// One job, ready to be run.
pub(crate) struct Planned {
    /// Its place in the batch.
    pub(crate) index: usize,
    /// What it is called in the batch.
    pub(crate) name: String,
    /// Whatever the caller knows it by.
    pub(crate) tag: Option<String>,
    /// The sections of the configuration whose accounts may have it, in order of preference.
    pub(crate) accounts: Vec<String>,
    /// The job.
    pub(crate) spec: JobSpec,
}

/// The accounts that a batch needs, each opened once.
pub(crate) struct Planner {
    apps: BTreeMap<String, App>,
    /// What the names of its machines begin with.
    prefix: String,
}

impl Planner {
    /// Opens the accounts of those jobs.
    ///
    /// # Errors
    /// A name that nobody knows; settings that cannot be used.
    pub(crate) fn open(setup: &Setup, asked: &Asked) -> Result<Self> {
        let mut apps: BTreeMap<String, App> = BTreeMap::new();
        for item in &asked.items {
            for name in accounts_of(item, &asked.accounts)? {
                if let Entry::Vacant(place) = apps.entry(name) {
                    let section = setup.tuned(setup.config.section(place.key())?);
                    place.insert(accounts::Account::of(section, true).open(setup)?);
                }
            }
        }
        let random = IntentId::mint().to_string().to_lowercase();
        Ok(Self { apps, prefix: format!("batch-{}", &random[random.len() - 8..]) })
    }

    /// All accounts.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values()
    }

    /// The account of that section.
    pub(crate) fn app(&self, name: &str) -> Option<&App> {
        self.apps.get(name)
    }

    /// Understands the job at that place.
    ///
    /// # Errors
    /// What of it cannot be done, with its place.
    pub(crate) fn plan(&self, asked: &Asked, index: usize, item: &Item) -> Result<Planned> {
        let name = item.name.clone().unwrap_or_else(|| (index + 1).to_string());
        let accounts = accounts_of(item, &asked.accounts)?;
        let first = accounts.first().and_then(|name| self.app(name));
        let app = first.ok_or_else(|| Error::new(ErrorKind::Invalid, "no provider is named"))?;
        let spec = self.spec(app, asked, index, item, &name);
        let spec = spec.map_err(|error| crate::failure::retold(&error, format!("job `{name}`: {error}")))?;
        Ok(Planned { index, name, tag: item.tag.clone(), accounts, spec })
    }

    /// The same with the fleets that may have it.
    ///
    /// # Errors
    /// A state directory or ledger that cannot be used.
    pub(crate) async fn item(&self, planned: &Planned) -> Result<BatchItem> {
        let mut fleets = Vec::with_capacity(planned.accounts.len());
        for app in planned.accounts.iter().filter_map(|name| self.app(name)) {
            fleets.push(app.fleet().await?.clone());
        }
        Ok(BatchItem { fleets, spec: planned.spec.clone() })
    }

    fn spec(&self, app: &App, asked: &Asked, index: usize, item: &Item, name: &str) -> Result<JobSpec> {
        let mut env = item.env.iter().map(|(name, value)| variable(app, name, value)).collect::<Result<Vec<_>>>()?;
        let mut secrets = credentials::secrets(app.environment(), &item.secrets)?;
        let command = match &item.prompt {
            Some(prompt) => {
                let agent = item.agent.unwrap_or_default().agent();
                let format = item.output_format.unwrap_or_default().format();
                let invocation = agent.invocation(&Prompt { format, ..Prompt::new(prompt.as_str()) })?;
                env.splice(..0, invocation.env);
                secrets.extend(credentials::of_agent(app, agent, &env, &secrets)?);
                invocation.command
            }
            None => item.command.iter().flatten().map(|word| OsText::from(word.as_str())).collect(),
        };
        let mut machine = MachineSpec::new(format!("{}-{}", self.prefix, index + 1).parse()?);
        machine.image.clone_from(&item.image);
        if let Some(size) = &item.size {
            machine.size = machine_core::SizeRequest::Named(size.clone());
        }
        let regions = item.region.iter().flat_map(|regions| regions.split(','));
        machine.regions = regions.map(|region| region.trim().to_owned()).filter(|region| !region.is_empty()).collect();
        let timeout = item.timeout.as_deref().map(span).transpose()?;
        let deadline = match asked.ttl {
            Some(ttl) => values::deadline(app.clock(), Some(ttl))?,
            None => Some(job::latest(app.clock(), timeout)),
        };
        let fetch: Vec<OsText> = asked.fetch.iter().map(|path| OsText::from(OsString::from(path))).collect();
        Ok(JobSpec {
            env,
            secrets,
            timeout,
            repos: credentials::repositories(app, item.repos.as_deref().unwrap_or_default())?,
            fetch,
            fetch_into: asked.into.as_ref().map(|into| into.join(name)),
            patch: asked.patches.as_ref().map(|patches| patches.join(format!("{name}.patch"))),
            leave_out: vec![app.state().to_owned()],
            deadline,
            ..JobSpec::new(machine, command)
        })
    }
}

/// The accounts that may have it, in order of preference.
fn accounts_of(item: &Item, usual: &[String]) -> Result<Vec<String>> {
    let Some(named) = &item.provider else { return Ok(usual.to_vec()) };
    let names: Vec<String> = named.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        let what = format!("`provider: {named}` has nothing between two commas");
        return Err(Error::new(ErrorKind::Invalid, what));
    }
    Ok(names)
}

fn span(text: &str) -> Result<Duration> {
    values::duration(text).map_err(|why| Error::new(ErrorKind::Invalid, format!("`timeout`: {why}")))
}

/// One variable, as `--env` reads it.
fn variable(app: &App, name: &str, value: &Value) -> Result<EnvVar> {
    let refuse = |why: String| Error::new(ErrorKind::Invalid, why);
    let value = match value {
        Value::Null => {
            let here = app.environment().get_or_empty(name.as_ref());
            OsText::from(here.ok_or_else(|| refuse(format!("`env.{name}` has no value, and there is none here")))?)
        }
        Value::String(text) => text.as_str().into(),
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        Value::Array(_) | Value::Object(_) => return Err(refuse(format!("`env.{name}` is no text"))),
    };
    Ok(EnvVar::new(name, value))
}

/// Sees to it that there is a place for what is brought back.
///
/// # Errors
/// A directory that cannot be made.
pub(crate) fn make_places(asked: &Asked, planned: &[Planned]) -> Result<()> {
    let own = planned.iter().filter_map(|planned| planned.spec.fetch_into.as_deref());
    for place in own.chain(asked.patches.as_deref()) {
        let failed = |error| Error::io(format_args!("cannot make `{}`", Path::display(place)), error);
        std::fs::create_dir_all(place).map_err(failed)?;
    }
    Ok(())
}
