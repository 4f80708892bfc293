//! The machine's ssh server.

mod channel;
mod keys;
mod program;
mod session;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use russh::server::{Config, Handle, run_stream};
use russh::{Disconnect, MethodKind, MethodSet, SshId};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use session::Session;

pub(super) use keys::make_missing as make_host_key;
pub(super) use keys::put as put_host_key;

/// The port inside; outside it may be another.
const PORT: u16 = 22;

/// The most connections at a time; more wait.
const CONNECTIONS: usize = 64;

/// How often a silent client is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How long a connection may take to agree on keys and say hello.
const HELLO: Duration = Duration::from_secs(30);

/// The pause after a connection that could not be taken.
const BREATH: Duration = Duration::from_millis(50);

/// The server, as all connections share it.
#[derive(Clone)]
pub(super) struct Server(Arc<Shared>);

struct Shared {
    config: Mutex<Arc<Config>>,
    open: Mutex<Open>,
}

/// The connections that there are.
#[derive(Default)]
struct Open {
    next: u64,
    handles: BTreeMap<u64, Handle>,
}

impl Server {
    /// With the host key that lies in its place.
    pub(super) fn open() -> io::Result<Self> {
        let config = Mutex::new(Arc::new(config()?));
        Ok(Self(Arc::new(Shared { config, open: Mutex::default() })))
    }

    /// Takes the host key that lies in its place now, for connections to come.
    pub(super) fn reload(&self) -> io::Result<()> {
        let config = Arc::new(config()?);
        *self.0.config.lock().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Opens the port.
    pub(super) async fn listen(&self) -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await
    }

    /// Takes connections for as long as the machine runs.
    pub(super) async fn serve(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let server = self.clone();
                    tokio::spawn(async move {
                        server.attend(stream, peer).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(BREATH).await,
            }
        }
    }

    async fn attend(&self, stream: TcpStream, peer: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let config = Arc::clone(&self.0.config.lock().unwrap_or_else(PoisonError::into_inner));
        let greeted = tokio::time::timeout(HELLO, run_stream(config, stream, Session::new(peer))).await;
        // Whoever does not speak ssh is nobody's business.
        let Ok(Ok(running)) = greeted else { return };
        let number = {
            let mut open = self.connections();
            open.next += 1;
            let number = open.next;
            open.handles.insert(number, running.handle());
            number
        };
        let _ = running.await;
        self.connections().handles.remove(&number);
    }

    /// Tells everybody who is connected that it is over.
    pub(super) async fn end(&self, why: &str) {
        let handles: Vec<Handle> = self.connections().handles.values().cloned().collect();
        let told =
            handles.iter().map(|handle| handle.disconnect(Disconnect::ByApplication, why.to_owned(), "en".to_owned()));
        futures::future::join_all(told).await;
        while !self.connections().handles.is_empty() {
            tokio::time::sleep(BREATH / 5).await;
        }
    }

    fn connections(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn config() -> io::Result<Config> {
    Ok(Config {
        server_id: SshId::Standard("SSH-2.0-simcloud".into()),
        methods: MethodSet::from(&[MethodKind::PublicKey][..]),
        keys: keys::host_keys()?,
        auth_rejection_time: Duration::from_millis(100),
        auth_rejection_time_initial: Some(Duration::ZERO),
        inactivity_timeout: None,
        keepalive_interval: Some(KEEPALIVE),
        nodelay: true,
        ..Config::default()
    })
}
