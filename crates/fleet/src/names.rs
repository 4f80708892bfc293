//! Names of machines as they were last seen, so that a shell can complete one without asking anybody.
//!
//! The file is a convenience: lost or damaged, the next list writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use machine_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::StateDir;

/// The file's name in the state directory.
const FILE: &str = "names";
/// How many accounts are remembered; the one that was changed longest ago is forgotten first.
const ACCOUNTS_AT_MOST: usize = 32;
/// How many machines of an account are remembered: more than anybody completes from.
const NAMES_AT_MOST: usize = 500;

/// The file `names`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct NamesFile {
    accounts: Vec<Seen>,
}

/// The machines of one account.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// The name of its section.
    account: String,
    names: BTreeSet<String>,
}

impl StateDir {
    /// The names of machines of that account, or of all accounts, that were last seen from the state directory at `path`. Touches
    /// nothing, and asks nobody.
    pub fn names_at(path: &Path, account: Option<&str>) -> BTreeSet<String> {
        let seen = read(path).accounts.into_iter();
        seen.filter(|seen| account.is_none_or(|account| seen.account == account)).flat_map(|seen| seen.names).collect()
    }

    /// Changes which names of that account were last seen.
    ///
    /// # Errors
    /// [`ErrorKind::System`](machine_core::ErrorKind::System) when it cannot be written down.
    pub async fn remember_names(&self, account: &str, change: impl FnOnce(&mut BTreeSet<String>)) -> Result<()> {
        let failed = |error| Error::io(format!("{} cannot be written", self.path().join(FILE).display()), error);
        let _lock = self.lock().await?;
        let mut file = read(self.path());
        let known = file.accounts.iter().position(|seen| seen.account == account);
        let before = known.map(|index| file.accounts.remove(index)).unwrap_or_default();
        let mut seen = Seen { account: account.to_owned(), names: before.names.clone() };
        change(&mut seen.names);
        while seen.names.len() > NAMES_AT_MOST {
            seen.names.pop_last();
        }
        if seen.names == before.names {
            return Ok(());
        }
        file.accounts.push(seen);
        let surplus = file.accounts.len().saturating_sub(ACCOUNTS_AT_MOST);
        file.accounts.drain(..surplus);
        let text = serde_json::to_vec(&file).map_err(|error| failed(error.into()))?;
        self.write_whole(FILE, &text).map_err(failed)
    }
}

fn read(path: &Path) -> NamesFile {
    fs::read(path.join(FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(dir: &StateDir, account: Option<&str>) -> Vec<String> {
        StateDir::names_at(dir.path(), account).into_iter().collect()
    }

    #[tokio::test]
    async fn names_are_remembered_by_account_and_bounded() {
        let outer = tempfile::tempdir().unwrap();
        let dir = StateDir::open(outer.path().join("state")).unwrap();
        assert!(seen(&dir, None).is_empty() && !dir.path().join(FILE).exists());
        dir.remember_names("work", |names| names.extend(["web-1".to_owned()])).await.unwrap();
        dir.remember_names("local", |names| names.extend(["box".to_owned()])).await.unwrap();
        assert_eq!(seen(&dir, Some("work")), ["web-1"]);
        assert_eq!(seen(&dir, None), ["box", "web-1"]);
        let many = |names: &mut BTreeSet<String>| names.extend((0..2000).map(|number| format!("m-{number:04}")));
        dir.remember_names("work", many).await.unwrap();
        assert_eq!(seen(&dir, Some("work")).len(), NAMES_AT_MOST);
        for number in 0..ACCOUNTS_AT_MOST {
            let account = format!("account-{number}");
            dir.remember_names(&account, |names| names.extend(["x".to_owned()])).await.unwrap();
        }
        assert!(seen(&dir, Some("work")).is_empty(), "forgotten");
        fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(seen(&dir, None).is_empty(), "damaged is empty");
    }
}
