//! The key that a machine lets us in by.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use machine_core::{Error, ErrorKind, Result};
use russh::client::Handle;
use russh::keys::agent::client::AgentClient;
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKey};

use crate::connection::{Believe, lost};

/// The largest file that is read for a key.
const LONGEST: u64 = 1 << 20;

/// A key to log in with, or somebody who has it.
#[derive(Clone)]
pub enum Login {
    /// The key itself.
    Key(Arc<PrivateKey>),
    /// An agent that signs with the key and never shows it.
    Agent {
        /// Where it listens.
        socket: PathBuf,
        /// Which of its keys.
        key: PublicKey,
    },
}

impl Login {
    /// The key that a file holds. Where the file holds the public half only, or is locked by a passphrase, the agent that
    /// listens at `agent` is to have it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a file that cannot be read or holds no key, and for one that needs an agent where there is none.
    pub fn from_file(file: &Path, agent: Option<&Path>) -> Result<Self> {
        let wrong = |what: &str| {
            Error::new(ErrorKind::Config, format!("{} {what}", file.display())).with_context("setting", "ssh-key-file")
        };
        let large = fs::metadata(file).is_ok_and(|found| found.len() > LONGEST);
        let text = match fs::read_to_string(file) {
            _ if large => return Err(wrong("is too large to hold a key")),
            Ok(text) => text,
            Err(error) => return Err(wrong("cannot be read").with_source(error)),
        };
        let public = match PrivateKey::from_openssh(&text) {
            Ok(key) if !key.is_encrypted() => return Ok(Self::Key(Arc::new(key))),
            Ok(key) => key.public_key().clone(),
            Err(_) => PublicKey::from_openssh(text.trim()).map_err(|error| {
                wrong("holds no key of OpenSSH")
                    .with_source(error)
                    .with_hint("name a file as `ssh-keygen` makes it, private or public")
            })?,
        };
        match agent {
            Some(socket) => Ok(Self::Agent { socket: socket.to_owned(), key: public }),
            None => Err(wrong("needs an agent to be used, and SSH_AUTH_SOCK names none")
                .with_hint("start one (`eval \"$(ssh-agent)\"`, `ssh-add`), or name the private file of a key without a passphrase")),
        }
    }

    /// The half that the machine may know.
    pub fn public(&self) -> &PublicKey {
        match self {
            Self::Key(key) => key.public_key(),
            Self::Agent { key, .. } => key,
        }
    }

    /// Logs in; whether the machine lets us.
    pub(crate) async fn authenticate(&self, handle: &mut Handle<Believe>, user: &str) -> Result<bool> {
        let hash = handle.best_supported_rsa_hash().await.map_err(lost)?.flatten();
        let answer = match self {
            Self::Key(key) => {
                let key = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
                handle.authenticate_publickey(user, key).await.map_err(lost)?
            }
            Self::Agent { socket, key } => {
                let failed = |error: &dyn fmt::Display| {
                    let what = format!("the ssh agent at {} does not sign for us: {error}", socket.display());
                    Error::new(ErrorKind::Unauthenticated, what).with_hint("look whether `ssh-add -l` shows the key")
                };
                let mut agent = AgentClient::connect_uds(socket).await.map_err(|error| failed(&error))?;
                let answer = handle.authenticate_publickey_with(user, key.clone(), hash, &mut agent).await;
                answer.map_err(|error| failed(&error))?
            }
        };
        Ok(answer.success())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fingerprint = self.public().fingerprint(russh::keys::HashAlg::Sha256).to_string();
        f.debug_tuple("Login").field(&fingerprint).finish()
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::ssh_key::LineEnding;

    use super::*;
    use crate::host_key::ed25519;

    #[test]
    fn a_file_is_the_key_or_names_one_of_the_agents() {
        let dir = tempfile::tempdir().unwrap();
        let key = ed25519().unwrap();
        let put = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let private = put("id", &key.to_openssh(LineEnding::LF).unwrap());
        let public = put("id.pub", &format!("{} me@here\n", key.public_key().to_openssh().unwrap()));
        let socket = Path::new("/run/agent");
        let read = |path: &Path, agent| Login::from_file(path, agent);
        assert!(matches!(read(&private, None).unwrap(), Login::Key(read) if *read == key));
        let login = read(&public, Some(socket)).unwrap();
        assert!(matches!(login, Login::Agent { .. }) && login.public().key_data() == key.public_key().key_data());
        for (path, word) in [
            (&public, "SSH_AUTH_SOCK"),
            (&dir.path().join("none"), "cannot be read"),
            (&put("nonsense", "nonsense"), "no key"),
        ] {
            let error = read(path, None).unwrap_err();
            assert!(error.kind() == ErrorKind::Config && error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn the_key_is_not_shown() {
        let login = Login::Key(Arc::new(ed25519().unwrap()));
        assert!(format!("{login:?}").starts_with("Login(\"SHA256:"), "{login:?}");
    }
}
