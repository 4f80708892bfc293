//! Several accounts by one flag: `--provider fly,work` and `--provider all`.

use std::collections::BTreeSet;

use machine_core::{Error, ErrorKind, Result};

use crate::accounts::{self, Account};
use crate::setup::Setup;

/// The word for every account that there is, where no section is called so.
const ALL: &str = "all";

/// Whether `--provider` names more than one account: several with commas between them, or all.
pub(crate) fn are_named(setup: &Setup) -> bool {
    setup.globals.provider.as_deref().is_some_and(|asked| asked.contains(',') || means_all(setup, asked))
}

/// The accounts that `--provider` names where it names several, each once; none where it names one.
///
/// # Errors
/// A name that nobody knows, or nothing between two commas; a section that cannot be read.
pub(crate) fn accounts(setup: &Setup) -> Result<Option<Vec<Account>>> {
    let Some(asked) = setup.globals.provider.as_deref().filter(|_| are_named(setup)) else { return Ok(None) };
    if means_all(setup, asked) {
        return accounts::every(setup, &BTreeSet::new()).map(Some);
    }
    let mut named: Vec<Account> = Vec::new();
    for name in asked.split(',').map(str::trim) {
        if name.is_empty() {
            let what = format!("`--provider {asked}` has nothing between two commas");
            return Err(Error::new(ErrorKind::Invalid, what).with_hint("write it like `fly,vultr`, or `all`"));
        }
        let account = Account::of(setup.tuned(setup.config.section(name)?), true);
        if named.iter().all(|known| known.name != account.name) {
            named.push(account);
        }
    }
    Ok(Some(named))
}

/// The one account that is meant where several are not.
///
/// # Errors
/// A provider that there is none of.
pub(crate) fn usual(setup: &Setup) -> Result<Account> {
    Ok(Account::of(setup.choose()?.section, true))
}

fn means_all(setup: &Setup, asked: &str) -> bool {
    asked == ALL && setup.config.sections().iter().all(|(name, _)| *name != ALL)
}
