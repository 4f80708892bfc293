//! A connection to a machine: to the right one, as somebody who may come in.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use machine_core::{Effect, Error, ErrorKind, Result};
use russh::Preferred;
use russh::client::{self, Handle};
use russh::keys::{Algorithm, PublicKey, PublicKeyOrCertificate};

use crate::Login;

/// How long a silent machine is asked whether it is still there before it counts as gone: this often, and three times.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Where to log in, as whom, and what to believe.
#[derive(Debug, Clone)]
pub struct Target {
    /// The machine's address, and the port of its ssh.
    pub address: SocketAddr,
    /// The user there.
    pub user: String,
    /// What it must prove.
    pub trust: Trust,
    /// What to log in with.
    pub login: Login,
}

/// Which host key is believed.
#[derive(Debug, Clone)]
pub enum Trust {
    /// One of these.
    Pinned(Vec<PublicKey>),
    /// Whatever it shows. Whoever is on the way can be in its place.
    Anybody,
}

/// A machine that has proven who it is and let us in. Closed when it is dropped.
pub struct Connection {
    pub(crate) handle: Handle<Believe>,
    target: Target,
    host_key: PublicKey,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("closed", &self.handle.is_closed()).finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects and logs in, within `limit`. A failure has no effect in the machine.
    ///
    /// # Errors
    /// [`ErrorKind::Network`] where nobody answers, [`ErrorKind::Timeout`] at the limit, [`ErrorKind::Protocol`] where what
    /// answers proves none of the host keys, [`ErrorKind::Unauthenticated`] where the login key is not let in.
    pub async fn open(target: &Target, limit: Duration) -> Result<Self> {
        let address = target.address;
        let opened = tokio::time::timeout(limit, Self::try_open(target)).await.unwrap_or_else(|_| {
            let what = format!("ssh at {address} did not let us in within {} s", limit.as_secs());
            Err(Error::new(ErrorKind::Timeout, what))
        });
        opened.map_err(|error| error.with_effect(Effect::None))
    }

    /// The host key that it has shown.
    pub fn host_key(&self) -> &PublicKey {
        &self.host_key
    }

    /// Another connection to the same machine: what is not read of one holds up nothing of the other.
    ///
    /// # Errors
    /// As [`open`](Self::open) has it.
    pub(crate) async fn another(&self, limit: Duration) -> Result<Self> {
        Self::open(&Target { trust: Trust::Pinned(vec![self.host_key.clone()]), ..self.target.clone() }, limit).await
    }

    async fn try_open(target: &Target) -> Result<Self> {
        let address = target.address;
        let mut preferred = Preferred::default();
        if let Trust::Pinned(keys) = &target.trust {
            let mut algorithms: Vec<Algorithm> = keys.iter().map(PublicKey::algorithm).collect();
            algorithms.sort();
            algorithms.dedup();
            // A machine has more keys than those that we know. Asked for one of a kind that we know, it shows that.
            preferred.key = algorithms.into();
        }
        let config = client::Config {
            preferred,
            keepalive_interval: Some(KEEPALIVE),
            nodelay: true,
            ..client::Config::default()
        };
        let shown = Arc::new(OnceLock::new());
        let believe = Believe { trust: target.trust.clone(), shown: Arc::clone(&shown) };
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
        if !target.login.authenticate(&mut handle, &target.user).await? {
            let what = format!("ssh at {address} does not let `{}` in by the key that we have", target.user);
            return Err(Error::new(ErrorKind::Unauthenticated, what)
                .with_hint("`ssh-user` and `ssh-key-file` of the configuration say who logs in, and by which key"));
        }
        let unproven = || Error::new(ErrorKind::Protocol, format!("ssh at {address} has shown no host key"));
        let host_key = shown.get().cloned().ok_or_else(unproven)?;
        Ok(Self { handle, target: target.clone(), host_key })
    }
}

/// A connection that broke, on the way or before.
pub(crate) fn lost(error: russh::Error) -> Error {
    Error::new(ErrorKind::Network, format!("the connection by ssh was lost: {error}")).with_source(error)
}

/// Believes what it is told to, and remembers what it has seen.
#[derive(Debug)]
pub(crate) struct Believe {
    trust: Trust,
    shown: Arc<OnceLock<PublicKey>>,
}

impl client::Handler for Believe {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> std::result::Result<bool, russh::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        // Later in the same connection it proves itself again, and must do so by the same key.
        let same = self.shown.get_or_init(|| PublicKey::new(key.key_data().clone(), "")).key_data() == key.key_data();
        Ok(same
            && match &self.trust {
                Trust::Pinned(keys) => keys.iter().any(|known| known.key_data() == key.key_data()),
                Trust::Anybody => true,
            })
    }
}
