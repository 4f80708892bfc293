//! Which accounts there are, for what is done to all of them.

use std::collections::BTreeSet;

use machine_config::{PROVIDER_VARIABLE, Section};
use machine_core::{Error, ErrorKind, ProviderOptions as _, Result};
use machine_local::LocalOptions;

use crate::app::App;
use crate::setup::Setup;

/// One account.
#[derive(Debug)]
pub(crate) struct Account {
    /// The name of its section, or of its kind where it has none.
    pub(crate) name: String,
    /// Which kind of provider it is at; nothing where nobody knows.
    pub(crate) kind: Option<&'static str>,
    /// Whether somebody asked for this very one.
    pub(crate) named: bool,
    /// Its settings.
    pub(crate) section: Result<Section>,
}

impl Account {
    /// That of the section.
    pub(crate) fn of(section: Section, named: bool) -> Self {
        let kind = Some(section.kind().info().kind);
        Self { name: section.name().to_owned(), kind, named, section: Ok(section) }
    }

    /// Opens it. Makes nothing.
    ///
    /// # Errors
    /// Settings that cannot be used, unknown keys among them where the command line is strict.
    pub(crate) fn open(self, setup: &Setup) -> Result<App> {
        let section = self.section?;
        setup.tolerate(section.check()?)?;
        App::of(setup.clone(), section)
    }

    /// Whether it is this computer and nobody asked for it.
    pub(crate) fn is_only_here(&self) -> bool {
        self.kind == Some(LocalOptions::PROVIDER) && !self.named
    }
}

/// Every account: each section of the file; each kind without one whose credential the environment has; each that is in `needed`,
/// a set of kinds that cannot be left out; and this computer.
///
/// # Errors
/// A provider that the environment names and that there is none of.
pub(crate) fn every(setup: &Setup, needed: &BTreeSet<String>) -> Result<Vec<Account>> {
    let config = &setup.config;
    let environment = &setup.surroundings.environment;
    let mut accounts: Vec<Account> = Vec::new();
    if environment.get(PROVIDER_VARIABLE).is_some() {
        accounts.push(Account::of(setup.tuned(config.choose(None)?.section), true));
    }
    for (name, kind) in config.sections() {
        if accounts.iter().any(|account| account.name == name) {
            continue;
        }
        accounts.push(match config.section(name) {
            Ok(section) => Account::of(setup.tuned(section), false),
            Err(error) => {
                Account { name: name.to_owned(), kind: Some(kind.info().kind), named: false, section: Err(error) }
            }
        });
    }
    for (name, error) in config.unreadable_sections() {
        accounts.push(Account { name: name.to_owned(), kind: None, named: false, section: Err(error) });
    }
    for kind in config.registry().iter() {
        let name = kind.info().kind;
        let has_credential = !kind.environment().is_empty()
            && kind.credentials().into_iter().any(|name| environment.get(name).is_some());
        let wanted = has_credential || needed.contains(name) || name == LocalOptions::PROVIDER;
        if wanted && !accounts.iter().any(|account| account.kind == Some(name)) {
            accounts.push(match config.section(name) {
                Ok(section) => Account::of(setup.tuned(section), false),
                Err(error) => Account { name: name.to_owned(), kind: Some(name), named: false, section: Err(error) },
            });
        }
    }
    for kind in needed {
        if config.registry().get(kind).is_none() {
            let section: Result<Section> = config.section(kind);
            accounts.push(Account { name: kind.clone(), kind: None, named: true, section });
        }
    }
    // The clouds first: there it costs something.
    accounts.sort_by_key(|account| account.kind == Some(LocalOptions::PROVIDER));
    Ok(accounts)
}

/// The account that the command line names, where it names one.
///
/// # Errors
/// A name that nobody knows.
pub(crate) fn named(setup: &Setup) -> Result<Option<Account>> {
    match setup.globals.provider.as_deref() {
        None | Some("") => Ok(None),
        Some(_) => Ok(Some(Account::of(setup.choose()?.section, true))),
    }
}

/// Whether an account cannot be opened because what it needs is not here: no token at all, or a variable that is not set.
pub(crate) fn lacks_credential(error: &Error) -> bool {
    error.kind() == ErrorKind::Unauthenticated || error.context().iter().any(|(key, _)| *key == "unset")
}
