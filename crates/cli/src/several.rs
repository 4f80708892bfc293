//! Several accounts by one flag: `--provider fly,work` and `--provider all`.

use std::collections::BTreeSet;

use machine_core::{Error, ErrorKind, Result};

use crate::accounts::{self, Account};
use crate::app::App;
use crate::setup::Setup;

/// The word for every account that there is.
const ALL: &str = "all";

/// Which accounts `--provider` means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    /// One: that which it names, or the usual one.
    One,
    /// These, each once, in the order in which they are named.
    Named(Vec<String>),
    /// Every one that there is.
    All,
}

/// Reads what stands behind `--provider`.
///
/// # Errors
/// [`ErrorKind::Invalid`] for a list with nothing between two commas.
pub(crate) fn meant(provider: Option<&str>) -> Result<Meant> {
    match provider {
        Some(ALL) => Ok(Meant::All),
        Some(several) if several.contains(',') => {
            let mut names: Vec<String> = Vec::new();
            for name in several.split(',').map(str::trim) {
                if name.is_empty() {
                    let what = format!("`--provider {several}` has nothing between two commas");
                    return Err(Error::new(ErrorKind::Invalid, what).with_hint("write it like `fly,vultr`, or `all`"));
                }
                if names.iter().all(|known| known != name) {
                    names.push(name.to_owned());
                }
            }
            Ok(Meant::Named(names))
        }
        _ => Ok(Meant::One),
    }
}

/// The accounts that `--provider` means, where it means several; none where it means one. Of all accounts those are left out that
/// have no credential here.
///
/// # Errors
/// As [`meant`]; a name that nobody knows.
pub(crate) fn accounts(setup: &Setup) -> Result<Option<Vec<Account>>> {
    match meant(setup.globals.provider.as_deref())? {
        Meant::One => Ok(None),
        Meant::Named(names) => {
            let account = |name: &String| Ok(Account::of(setup.tuned(setup.config.section(name)?), true));
            names.iter().map(account).collect::<Result<Vec<_>>>().map(Some)
        }
        Meant::All => {
            let mut every = accounts::every(setup, &BTreeSet::new())?;
            every.retain(|account| !account.section.as_ref().is_err_and(accounts::lacks_credential));
            Ok(Some(every))
        }
    }
}

/// The one account that is meant where several are not.
///
/// # Errors
/// A provider that there is none of.
pub(crate) fn usual(setup: &Setup) -> Result<Account> {
    Ok(Account::of(setup.choose()?.section, true))
}

/// Opens the account. Makes no request.
///
/// # Errors
/// Settings that cannot be used, or no credential.
pub(crate) fn open(setup: &Setup, account: Account) -> Result<App> {
    let section = account.section?;
    setup.tolerate(section.check()?)?;
    App::of(setup.clone(), section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_several_or_all() {
        assert_eq!(meant(None).unwrap(), Meant::One);
        assert_eq!(meant(Some("fly")).unwrap(), Meant::One);
        assert_eq!(meant(Some("all")).unwrap(), Meant::All);
        assert_eq!(meant(Some("fly, do,fly")).unwrap(), Meant::Named(vec!["fly".to_owned(), "do".to_owned()]));
        assert_eq!(meant(Some("fly,,do")).unwrap_err().kind(), ErrorKind::Invalid);
    }
}
