//! A connection to a machine: to the right one, as somebody who may come in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use machine_core::{Error, ErrorKind, Result};
use russh::Preferred;
use russh::client::{self, Handle};
use russh::keys::{Algorithm, PrivateKey, PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate};

/// How long a silent machine is asked whether it is still there before it counts as gone: this often, and three times.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Where to log in, as whom, and what to believe.
#[derive(Debug, Clone)]
pub struct Target {
    /// The machine's address, and the port of its ssh.
    pub address: SocketAddr,
    /// The user there.
    pub user: String,
    /// The host keys of which it must prove one.
    pub host_keys: Vec<PublicKey>,
    /// The key to log in with; its `Debug` shows no secret.
    pub login: Arc<PrivateKey>,
}

/// A machine that has proven who it is and let us in. Closed when it is dropped.
pub struct Connection {
    pub(crate) handle: Handle<Believe>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("closed", &self.handle.is_closed()).finish()
    }
}

impl Connection {
    /// Connects and logs in, within `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::Network`] where nobody answers, [`ErrorKind::Timeout`] at the limit, [`ErrorKind::Protocol`] where what
    /// answers proves none of the host keys, [`ErrorKind::Unauthenticated`] where the login key is not let in.
    pub async fn open(target: &Target, limit: Duration) -> Result<Self> {
        let address = target.address;
        tokio::time::timeout(limit, Self::try_open(target)).await.unwrap_or_else(|_| {
            let what = format!("ssh at {address} did not let us in within {} s", limit.as_secs());
            Err(Error::new(ErrorKind::Timeout, what))
        })
    }

    async fn try_open(target: &Target) -> Result<Self> {
        let address = target.address;
        let mut algorithms: Vec<Algorithm> = target.host_keys.iter().map(PublicKey::algorithm).collect();
        algorithms.sort();
        algorithms.dedup();
        let config = client::Config {
            // A machine has more keys than those that we know. Asked for one of a kind that we know, it shows that.
            preferred: Preferred { key: algorithms.into(), ..Preferred::default() },
            keepalive_interval: Some(KEEPALIVE),
            nodelay: true,
            ..client::Config::default()
        };
        let believe = Believe { host_keys: target.host_keys.clone() };
        let mut handle = client::connect(Arc::new(config), address, believe).await.map_err(|error| match error {
            russh::Error::UnknownKey | russh::Error::NoCommonAlgo { .. } => {
                let what = format!("what answers ssh at {address} does not prove to be the machine");
                Error::new(ErrorKind::Protocol, what)
                    .with_source(error)
                    .with_hint("its host key is not the one that is remembered of it; do not trust it")
            }
            error => Error::new(ErrorKind::Network, format!("ssh at {address} cannot be reached: {error}"))
                .with_source(error),
        })?;
        let hash = handle.best_supported_rsa_hash().await.map_err(lost)?.flatten();
        let key = PrivateKeyWithHashAlg::new(Arc::clone(&target.login), hash);
        let answer = handle.authenticate_publickey(&target.user, key).await.map_err(lost)?;
        if !answer.success() {
            let what = format!("ssh at {address} does not let `{}` in by the key that we have", target.user);
            return Err(Error::new(ErrorKind::Unauthenticated, what));
        }
        Ok(Self { handle })
    }
}

/// A connection that broke, on the way or before.
pub(crate) fn lost(error: russh::Error) -> Error {
    Error::new(ErrorKind::Network, format!("the connection by ssh was lost: {error}")).with_source(error)
}

/// Believes the host keys that it holds, and no other.
#[derive(Debug)]
pub(crate) struct Believe {
    host_keys: Vec<PublicKey>,
}

impl client::Handler for Believe {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> std::result::Result<bool, russh::Error> {
        Ok(match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                self.host_keys.iter().any(|known| known.key_data() == key.key_data())
            }
            PublicKeyOrCertificate::Certificate(_) => false,
        })
    }
}
