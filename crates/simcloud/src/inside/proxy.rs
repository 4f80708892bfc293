//! The way out: what connects to the machine's own proxy is carried to simcloud's, through a socket in a directory.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixStream};
use tokio::sync::Semaphore;

use crate::inside::PROXY;

/// Where the machine's programs find it.
const PORT: u16 = 3128;

/// The most connections at a time; more wait.
const AT_A_TIME: usize = 64;

/// The pause after a connection that could not be taken.
const BREATH: Duration = Duration::from_millis(50);

/// The variables by which programs find it.
pub(super) fn environment() -> Vec<(&'static str, String)> {
    let proxy = format!("http://127.0.0.1:{PORT}");
    let mut all = Vec::new();
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
        all.push((name, proxy.clone()));
    }
    all.extend(["no_proxy", "NO_PROXY"].map(|name| (name, "localhost,127.0.0.1,::1".to_owned())));
    all
}

/// Takes connections for as long as the machine runs.
pub(super) async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await?;
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
        let Ok((mut inner, _)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        tokio::spawn(async move {
            // Time is limited on the other side, which knows what is asked for.
            if let Some(mut outer) = connect().await {
                let _ = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
            }
            drop(place);
        });
    }
}

/// Connects to the first of simcloud's that answers: those of earlier runs may have left their sockets.
async fn connect() -> Option<UnixStream> {
    for entry in std::fs::read_dir(Path::new(PROXY)).ok()?.flatten() {
        if let Ok(stream) = UnixStream::connect(entry.path()).await {
            return Some(stream);
        }
    }
    None
}
