//! The key by which a machine proves who it is.

use std::fmt;

use machine_core::{Error, ErrorKind, Result, Secret};
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{PrivateKey, PublicKey};

/// A machine's host key, both halves of it, of the algorithm Ed25519: the one that every sshd of the last ten years has.
#[derive(Clone)]
pub struct HostKey {
    key: PrivateKey,
}

impl HostKey {
    /// A new one, from the system's random numbers.
    ///
    /// # Errors
    /// Where the system has none.
    pub fn generate() -> Result<Self> {
        Ok(Self { key: ed25519()? })
    }

    /// The half that is pinned.
    pub fn public(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// The half that only the machine may have, as OpenSSH keeps it in a file.
    ///
    /// # Errors
    /// Where it cannot be written in that form.
    pub fn private(&self) -> Result<Secret> {
        let text = self.key.to_openssh(LineEnding::LF).map_err(unwritable)?;
        Ok(Secret::new(text.as_str()))
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostKey").field(&self.public().fingerprint(russh::keys::HashAlg::Sha256).to_string()).finish()
    }
}

/// A new key of the algorithm Ed25519, from the system's random numbers.
///
/// # Errors
/// Where the system has none.
pub(crate) fn ed25519() -> Result<PrivateKey> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        Error::new(ErrorKind::System, "this computer gives no random numbers for a key").with_source(error)
    })?;
    Ok(PrivateKey::from(Ed25519Keypair::from_seed(&seed)))
}

/// The public half as one line of a file of keys.
///
/// # Errors
/// Where it cannot be written in that form.
pub(crate) fn line(key: &PublicKey) -> Result<String> {
    key.to_openssh().map_err(unwritable)
}

fn unwritable(error: russh::keys::ssh_key::Error) -> Error {
    Error::new(ErrorKind::Config, "a host key cannot be written as OpenSSH does").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_and_reads_back() {
        let (one, other) = (HostKey::generate().unwrap(), HostKey::generate().unwrap());
        assert_ne!(one.public(), other.public());
        let again = PrivateKey::from_openssh(one.private().unwrap().expose()).unwrap();
        assert_eq!(again.public_key(), one.public());
    }

    #[test]
    fn the_private_half_is_not_shown() {
        let key = HostKey::generate().unwrap();
        let private = key.private().unwrap();
        let shown = format!("{key:?}");
        assert!(shown.starts_with("HostKey(\"SHA256:"), "{shown}");
        assert!(private.expose().lines().all(|line| !shown.contains(line)), "{shown}");
    }
}
