//! Whose bill a credential is on, remembered so that it is asked once and not at every command.
//!
//! A credential belongs to one account for as long as it exists, so what was once asked holds. Only hashes of credentials are
//! written down. The file is a convenience: lost or damaged, it is written anew.

use std::fs;

use machine_core::{AccountId, Error, Result};
use serde::{Deserialize, Serialize};

use crate::StateDir;

/// The file's name in the state directory.
const FILE: &str = "accounts";
/// How many credentials are remembered; the one that was first remembered is forgotten first.
const AT_MOST: usize = 64;

/// The file `accounts`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct AccountsFile {
    accounts: Vec<Known>,
}

/// A credential, and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    /// A hash.
    credential: String,
    account: AccountId,
}

impl StateDir {
    /// The account that the credential of that hash was found to belong to.
    pub fn account_of(&self, credential: &str) -> Option<AccountId> {
        self.read_accounts()
            .accounts
            .into_iter()
            .find(|known| known.credential == credential)
            .map(|known| known.account)
    }

    /// Remembers whose the credential of that hash is.
    ///
    /// # Errors
    /// [`ErrorKind::System`](machine_core::ErrorKind::System) when it cannot be written down.
    pub async fn remember_account(&self, credential: &str, account: &AccountId) -> Result<()> {
        let failed = |error| Error::io(format!("{} cannot be written", self.path().join(FILE).display()), error);
        let _lock = self.lock().await?;
        let mut file = self.read_accounts();
        file.accounts.retain(|known| known.credential != credential);
        file.accounts.push(Known { credential: credential.to_owned(), account: account.clone() });
        let surplus = file.accounts.len().saturating_sub(AT_MOST);
        file.accounts.drain(..surplus);
        let text = serde_json::to_vec_pretty(&file).map_err(|error| failed(error.into()))?;
        self.write_whole(FILE, &text).map_err(failed)
    }

    fn read_accounts(&self) -> AccountsFile {
        fs::read(self.path().join(FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_asked_once_is_remembered_and_bounded() {
        let outer = tempfile::tempdir().unwrap();
        let dir = StateDir::open(outer.path().join("state")).unwrap();
        assert_eq!(dir.account_of("c-0"), None);
        for number in 0..=AT_MOST {
            let account = AccountId::new(format!("account-{number}"));
            dir.remember_account(&format!("c-{number}"), &account).await.unwrap();
        }
        assert_eq!(dir.account_of("c-0"), None, "the oldest is forgotten");
        assert_eq!(dir.account_of("c-64"), Some(AccountId::new("account-64")));
        fs::write(dir.path().join(FILE), "{").unwrap();
        assert_eq!(dir.account_of("c-64"), None);
        dir.remember_account("c-1", &AccountId::new("again")).await.unwrap();
        assert_eq!(dir.account_of("c-1"), Some(AccountId::new("again")));
    }
}
